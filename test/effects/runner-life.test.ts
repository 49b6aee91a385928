import { describe, expect, test, vi } from 'vitest';
import { guestEnded } from '../../src/simulator/agent/vms/power.ts';
import { runnerNamed } from '../simulator/github/github-fixture.ts';
import { soon } from '../support/soon.ts';
import { attempt, idle, launched } from './attempt-fixture.ts';
import { effectFixture, failing } from './effect-fixture.ts';

// Guests are real processes, and many run at once when tests run in parallel.
vi.setConfig({ testTimeout: 60_000 });

/** A job that runs until its VM is deleted or a certain file exists. */
const LONG = ['touch "$HOME/begun"; while [ ! -f "$HOME/enough" ]; do sleep 0.1; done'];

describe('a runner is launched', () => {
  test('once, however often the effect runs, and comes online', async () => {
    const at = await idle();
    await at.launch();
    await at.launch(at.newWorld());
    const { runnerId } = await at.online();
    expect(runnerId).toBe(runnerNamed(at.github.world, at.name).id);
    expect(await at.confirm(at.newWorld())).toEqual({ runnerId });
    expect(at.runnerNames()).toEqual([at.name]);
    // No pipe: its process has this same command line before it becomes the next command, and pgrep would
    // count it.
    const { stdout } = await at.inGuest('ls ~/.jeballto-runner; pgrep -f Runner.Listener');
    expect(stdout.trim().split(/\s+/)).toEqual([at.name, expect.stringMatching(/^\d+$/)]);
    expect(at.world.secrets.of(at.name)).toBeNull();
  });

  test('with a registration token if GitHub has no JIT configuration, and its name finds it at GitHub', async () => {
    const at = await idle({ github: { enterpriseVersion: '3.9.4', hasJit: false } });
    expect(at.at).toEqual({ runnerId: null, mode: 'token' });
    const { runnerId } = await at.online();
    const runner = runnerNamed(at.github.world, at.name);
    expect(runner).toMatchObject({ id: runnerId, ephemeral: true, isJit: false });
    expect(runner.labels.map(({ name }) => name.toLowerCase())).toEqual(
      expect.arrayContaining(at.world.profile('jeballto-macos').runnerLabels),
    );
    await at.remove(null);
    expect(at.runnerNames()).toEqual([]);
  });

  test('not with a token that GitHub refuses: the failure has the output of config.sh', async () => {
    const at = await attempt(await effectFixture({ github: { enterpriseVersion: '3.9.4', hasJit: false } }));
    await at.obtain();
    at.world.secrets.keep(at.name, { mode: 'token', token: 'expired-long-ago' });
    const told = await at.launch().catch((error: unknown) => error);
    expect(told).toMatchObject(failing('RUNNER_CONFIGURATION_FAILED', { disposition: 'giveUp' }));
    expect((told as Error).message).toContain('404');
    expect((told as Error).message).not.toContain('expired-long-ago');
  });

  test('not without its config, which a restart lost: its registration is removed and another name is asked for', async () => {
    const at = await attempt(await effectFixture());
    await at.obtain();
    await expect(at.launch(at.newWorld())).rejects.toMatchObject(failing('RUNNER_CONFIG_LOST'));
    expect(at.runnerNames()).toEqual([]);
    expect((await at.inGuest('ls ~/.jeballto-runner')).stdout).toBe('');
  });
});

describe('a runner is launched in the environment of a login', () => {
  const variables = ['env >"$HOME/env"'];
  const seen = async (at: Awaited<ReturnType<typeof attempt>>) => {
    await at.obtain();
    await at.launch();
    await at.watch('exit');
    return (await at.inGuest('cat ~/env')).stdout.split('\n');
  };

  test('with a UTF-8 locale and the folders of further tools, which a command over SSH lacks', async () => {
    const at = await attempt(await effectFixture(), variables);
    expect((await at.inGuest('env')).stdout).not.toMatch(/^(?:LANG|LC_\w+)=/m);
    const lines = await seen(at);
    expect(lines.find((line) => line.startsWith('LANG='))).toMatch(/UTF-8$/);
    expect(lines.find((line) => line.startsWith('PATH='))).toContain('/usr/local/bin');
  });

  test('unless the .env of the image says otherwise', async () => {
    const at = await attempt(await effectFixture(), variables);
    await at.inGuest(`printf 'LANG=de_CH.ISO8859-1\\nOWN=yes\\n' >~/actions-runner/.env`);
    const lines = await seen(at);
    expect(lines).toEqual(expect.arrayContaining(['LANG=de_CH.ISO8859-1', 'OWN=yes']));
  });
});

describe('an image that was built with a configured runner', () => {
  test.each([
    ['a JIT configuration', {}],
    ['a registration token', { enterpriseVersion: '3.9.4', hasJit: false }],
  ])('serves a job with %s, and its leftovers are logged once', async (_what, github) => {
    const given = await effectFixture({ github });
    given.mac.faults.add({ route: 'guest boot *', body: { configured: true } });
    for (let n = 0; n < 2; n += 1) {
      const at = await attempt(given);
      await at.obtain();
      await at.launch();
      expect(await at.watch('exit')).toMatchObject({ ended: 'exited', failure: null });
      expect(at.jobOf(at.jobId)).toMatchObject({ conclusion: 'success', runner: { name: at.name } });
      await at.destroy();
    }
    const told = given.logged.filter((line) => line.includes('holds a runner that was configured already'));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('.runner, .runner_migrated');
  });
});

describe('a runner is watched', () => {
  test('until it takes a job, then until it ends, and then GitHub is asked for the job', async () => {
    const at = await launched(LONG);
    expect(await at.watch('activity')).toEqual({ ended: 'tookJob', failure: null });
    await expect(at.recheck()).rejects.toMatchObject(
      failing('JOB_OUTCOME_UNKNOWN', { disposition: 'retry' }),
    );
    expect(await at.recheck('another')).toMatchObject({
      status: 'in_progress',
      conclusion: null,
      here: false,
    });
    const ending = at.watch('exit');
    await at.inGuest('touch ~/enough');
    const ended = { ended: 'exited', failure: null, result: 'Succeeded' };
    expect(await ending).toEqual(ended);
    await vi.waitFor(async () =>
      expect(await at.recheck()).toMatchObject({ status: 'completed', conclusion: 'success', here: true }),
    );
    expect(await at.watch('activity')).toEqual(ended);
    expect(at.runnerNames()).toEqual([]);
    // It was online, although GitHub does not list it any more.
    expect(await at.confirm()).toEqual({ runnerId: at.at.runnerId });
  });

  test('and one with a registration token that was never seen has no id', async () => {
    const at = await launched(['true'], { github: { enterpriseVersion: '3.9.4', hasJit: false } });
    await at.watch('exit');
    await vi.waitFor(() => expect(at.runnerNames()).toEqual([]));
    expect(await at.confirm()).toEqual({ runnerId: null });
  });

  test('until its VM has ended or is gone', async () => {
    const vanished = { ended: 'vanished', failure: null };
    const ended = await idle();
    await ended.online();
    const watching = ended.watch('exit');
    await guestEnded(ended.mac.world, ended.vm(ended.guest.vmId), 'panic');
    expect(await watching.catch(() => soon(() => ended.watch('exit')))).toEqual(vanished);
    expect(await soon(() => ended.watch('activity'))).toEqual(vanished);
    expect(await ended.ask()).toEqual({ answer: 'vanished' });
  });

  test('again after a lost connection, which says nothing about the runner', async () => {
    const at = await idle();
    await at.online();
    const watching = at.watch('exit');
    const lost = expect(watching).rejects.toMatchObject(
      failing('GUEST_UNREACHABLE', { disposition: 'retry' }),
    );
    await at.inGuest('true');
    at.vm(at.guest.vmId).power?.forward?.cut();
    await lost;
    expect(await at.ask()).toEqual({ answer: 'notWorking' });
  });

  test('only as long as its state lasts', async () => {
    const at = await idle();
    const state = new AbortController();
    const watching = at.watch('exit', state.signal);
    const left = expect(watching).rejects.toThrow('the state was left');
    state.abort(new Error('the state was left'));
    await left;
  });
});

describe('the guest is asked whether a job runs', () => {
  test('and says that it works until the job has ended, over SSH or over the agent’s execute route', async () => {
    const at = await launched(LONG);
    await vi.waitFor(async () => expect((await at.inGuest('ls ~/begun')).code).toBe(0), 10_000);
    const executes = at.counted('POST /vms/:id/execute');
    expect(await at.ask()).toEqual({ answer: 'working' });
    expect(executes.hits).toBe(0);
    expect(await at.askByAgent()).toEqual({ answer: 'working' });
    expect(executes.hits).toBe(1);
    const ending = at.watch('exit');
    await at.inGuest('touch ~/enough');
    await ending;
    expect(await at.ask()).toEqual({ answer: 'notWorking' });
    expect(await at.askByAgent()).toEqual({ answer: 'notWorking' });
  });

  test('and the effect fails when neither SSH nor the agent can say', async () => {
    const at = await idle();
    const route = 'POST /vms/:id/execute';
    at.mac.faults.add({ route, status: 504, code: 'EXECUTE_TIMEOUT', times: 1 });
    await expect(at.askByAgent()).rejects.toMatchObject(failing('GUEST_COMMAND_FAILED'));
    // The agent's own SSH failed.
    const failed = { exitCode: 255, stdout: '', stderr: '' };
    at.mac.faults.add({ route, status: 200, body: failed, times: 1 });
    await expect(at.askByAgent()).rejects.toMatchObject(
      failing('GUEST_UNREACHABLE', {
        message: expect.stringContaining(
          "The agent's own login in the guest failed as well (exit code 255).",
        ),
      }),
    );
    at.mac.faults.add({ route: 'GET /vms/:id/state', drop: 'before', times: 1 });
    await expect(at.ask()).rejects.toMatchObject(failing('HOST_UNREACHABLE', { disposition: 'retry' }));
    expect(await at.askByAgent()).toEqual({ answer: 'notWorking' });
  });
});

test('and without a password the failure says that the execute route needs the agent’s own key in the image', async () => {
  const at = await idle();
  await expect(at.askByAgent({ password: null, privateKey: 'a key' })).rejects.toMatchObject(
    failing('GUEST_UNREACHABLE', {
      message: expect.stringMatching(/hung up.*set runner\.ssh_password, or put/),
    }),
  );
});

describe('a runner is deregistered', () => {
  test('when it is idle, again and again, by id or by name', async () => {
    const at = await idle();
    const { runnerId } = await at.online();
    expect(await at.deregister(runnerId)).toEqual({ answer: 'removed' });
    expect(await at.deregister(runnerId)).toEqual({ answer: 'removed' });
    expect(await at.deregister(null)).toEqual({ answer: 'removed' });
    expect(at.runnerNames()).toEqual([]);
  });

  test('not while it has a job: the refusal of GitHub is a result, not a failure', async () => {
    const at = await launched(LONG);
    await at.watch('activity');
    expect(await at.deregister()).toEqual({ answer: 'busy' });
    expect(await at.deregister(null)).toEqual({ answer: 'busy' });
    expect(at.jobOf(at.jobId).status).toBe('in_progress');
    await expect(at.remove()).rejects.toMatchObject(failing('RUNNER_BUSY', { disposition: 'retry' }));
  });
});

test('a job that GitHub does not know any more is over', async () => {
  const at = await attempt(await effectFixture());
  at.github.world.jobs.delete(at.jobId);
  expect(await at.recheck()).toEqual({ status: 'completed', conclusion: null, here: false });
});

test('every effect run twice, by one daemon and by its successor, leaves one VM, one runner and one launch', async () => {
  const at = await attempt(await effectFixture(), LONG);
  const worlds = [at.world, at.world, at.newWorld()];
  for (const world of worlds) expect(await at.boot(world)).toEqual(at.guest);
  for (const world of worlds) await at.probe(world);
  await at.obtain();
  for (const world of worlds) await at.launch(world);
  for (const world of worlds) await at.online(world);
  expect(at.mac.world.vmsCreated).toBe(1);
  expect(at.vms()).toEqual([`${at.name} running`]);
  expect(at.runnerNames()).toEqual([at.name]);
  expect((await at.inGuest('ls ~/.jeballto-runner')).stdout.trim()).toBe(at.name);
  for (const _ of worlds) expect(await at.watch('activity')).toMatchObject({ ended: 'tookJob' });
  for (const _ of worlds) expect(await at.ask()).toEqual({ answer: 'working' });
  for (const _ of worlds) await at.destroy();
  expect(at.vms()).toEqual([]);
});
