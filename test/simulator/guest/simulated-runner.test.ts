import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseRunnerLog } from '../../../src/guest/scripts/runner-log.ts';
import type { Run } from '../../../src/simulator/github/jobs/job.ts';
import { cancelRun, currentJobs } from '../../../src/simulator/github/jobs/runs.ts';
import { skewedDateScript } from '../../../src/simulator/guest/guest-tools.ts';
import { REPOSITORY, RUNNERS, runnerNamed } from '../github/github-fixture.ts';
import { run as inGuestRun, login, macWithGuests } from './guest-fixture.ts';
import { cleanUp, cleanups, folder, listening, RUNNER_FILES, withJit } from './runner-fixture.ts';

afterEach(cleanUp);

const jobOf = (run: Run) => {
  const [job] = currentJobs(run);
  if (!job) throw new Error('the run has no job');
  return job;
};

describe('a runner with a JIT configuration', () => {
  test('takes one job, runs its steps as shell commands, prints what the real one prints, and exits with 0', async () => {
    const { blob, has, push, read, root, run, world } = await withJit();
    const pushed = push([
      {
        name: 'build',
        steps: ['echo hi > out', 'env > "$HOME/env"; pwd > "$HOME/pwd"; ps -A -ww -o command= > "$HOME/ps"'],
      },
    ]);
    const runner = run();
    expect(await runner.exit).toBe(0);
    expect(runner.output.trim().split('\n').filter(Boolean)).toEqual([
      '√ Connected to GitHub',
      "Current runner version: '2.336.0'",
      expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: Listening for Jobs$/),
      expect.stringMatching(/Z: Running job: build$/),
      expect.stringMatching(/Z: Job build completed with result: Succeeded$/),
    ]);
    expect(parseRunnerLog(runner.output)).toMatchObject({
      listening: true,
      tookJob: true,
      finishedJob: true,
      result: 'Succeeded',
    });
    const { state } = jobOf(pushed);
    expect(state).toMatchObject({ status: 'completed', conclusion: 'success', runner: { name: 'mac' } });
    expect(state.steps.map(({ conclusion }) => conclusion)).toEqual(Array(4).fill('success'));
    expect(world.runners.size).toBe(0);
    expect(read('_work/app/app/out')).toBe('hi\n');
    expect(read('pwd').trim()).toBe(join(root, '_work/app/app'));
    const worker = `${root}/bin/Runner.Worker`;
    expect(
      read('ps')
        .split('\n')
        .some((line) => line.startsWith(worker)),
    ).toBe(true);
    const variables = read('env');
    expect(variables).toContain(`GITHUB_REPOSITORY=${REPOSITORY}\n`);
    expect(variables).toContain('RUNNER_NAME=mac\n');
    expect(variables).not.toMatch(/ACTIONS_RUNNER_INPUT|JITCONFIG/i);
    expect(has('.runner') || has('.credentials_rsaparams')).toBe(false);
    const logs = readdirSync(join(root, '_diag'));
    expect(logs.map((name) => name.split('_')[0]).sort()).toEqual(['Runner', 'Worker']);
    const written = [runner.output, ...logs.map((name) => read(`_diag/${name}`))].join('\n');
    const key = JSON.parse(Buffer.from(blob, 'base64').toString())['.credentials_rsaparams'];
    const { d } = JSON.parse(Buffer.from(key, 'base64').toString());
    for (const secret of [blob, key, d, Buffer.from(d, 'base64').toString()])
      expect(written).not.toContain(secret);
  });

  test('fails its job at a failed step, skips the rest, and still exits with 0', async () => {
    const { push, run } = await withJit();
    const pushed = push([{ steps: ['false; true', 'echo never'] }]);
    const runner = run();
    expect(await runner.exit).toBe(0);
    expect(parseRunnerLog(runner.output).result).toBe('Failed');
    const { conclusion, steps } = jobOf(pushed).state;
    expect(conclusion).toBe('failure');
    expect(steps.map((step) => step.conclusion)).toEqual(['success', 'failure', 'skipped', 'success']);
  });

  test('returns the result as its exit code when that is requested', async () => {
    const { push, run } = await withJit();
    push([{ steps: ['exit 3'] }]);
    expect(await run({ ACTIONS_RUNNER_RETURN_JOB_RESULT_FOR_HOSTED: 'true' }).exit).toBe(102);
  });

  test('accepts the configuration as an argument too', async () => {
    const { blob, push, start } = await withJit();
    push([{ steps: ['true'] }]);
    expect(await start(['run', '--jitconfig', blob]).exit).toBe(0);
  });

  test('exits with 5 when another session replaces its own', async () => {
    const { blob, run } = await withJit();
    const first = run();
    await listening(first);
    const second = folder().start(['run'], { ACTIONS_RUNNER_INPUT_JITCONFIG: blob });
    expect(await second.exit).toBe(5);
    expect(second.output.match(/A session for this runner already exists\./g)).toHaveLength(8);
    expect(second.output).not.toContain('Listening for Jobs');
  });

  test('exits with 0 when it is removed while it is idle, and leaves no configuration behind', async () => {
    const { ask, has, run, runnerId } = await withJit();
    const runner = run();
    await listening(runner);
    expect((await ask('GET', `${RUNNERS}/${runnerId}`)).body.status).toBe('online');
    expect((await ask('DELETE', `${RUNNERS}/${runnerId}`)).status).toBe(204);
    expect(await runner.exit).toBe(0);
    expect(runner.output).toContain(
      'The runner no longer exists on the server. Cleaning up local configuration.',
    );
    expect(parseRunnerLog(runner.output).registrationGone).toBe(true);
    expect(has('.runner')).toBe(false);
  });

  test('exits with 1 when it was removed before it started', async () => {
    const { ask, run, runnerId } = await withJit();
    await ask('DELETE', `${RUNNERS}/${runnerId}`);
    const runner = run();
    expect(await runner.exit).toBe(1);
    expect(parseRunnerLog(runner.output)).toMatchObject({ listening: false, registrationGone: true });
  });

  test('ends its job when the job is cancelled', async () => {
    const { has, push, root, run, world } = await withJit();
    const pushed = push([{ steps: [`echo $$ > "${join('$HOME', 'pid')}"; sleep 300`, 'echo never'] }]);
    const runner = run();
    await vi.waitFor(() => expect(has('pid')).toBe(true), 10_000);
    cancelRun(world, pushed);
    expect(await runner.exit).toBe(0);
    expect(parseRunnerLog(runner.output).result).toBe('Canceled');
    const { conclusion, steps } = jobOf(pushed).state;
    expect(conclusion).toBe('cancelled');
    expect(steps.map((step) => step.conclusion)).toEqual(['success', 'cancelled', 'cancelled', 'success']);
    const pid = Number(readFileSync(join(root, 'pid'), 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  test.each([
    [{ ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE: '1' }, 7],
    [{}, 1],
  ])('whose version is refused, with %j, exits with %i', async (env: Record<string, string>, code) => {
    const { run } = await withJit({ minimumRunnerVersion: '3.0.0' });
    const runner = run(env);
    expect(await runner.exit).toBe(code);
    expect(parseRunnerLog(runner.output)).toMatchObject({ deprecated: true, tookJob: false });
  });

  test.each([
    ['ACTIONS_RUNNER_INPUT_JITCONFIG=nonsense', { ACTIONS_RUNNER_INPUT_JITCONFIG: 'nonsense' }],
    ['nothing', {}],
  ])('that gets %s exits with 1', async (_name, env) => {
    expect(await folder().start(['run'], env as Record<string, string>).exit).toBe(1);
  });

  test('goes on trying while GitHub does not respond', async () => {
    const { faults, push, run } = await withJit();
    faults.add({ route: 'POST /_runner/sessions', drop: 'before', times: 2 });
    faults.add({ route: 'GET /_runner/sessions/:id/message', status: 502, times: 2 });
    push([{ steps: ['true'] }]);
    const runner = run();
    expect(await runner.exit).toBe(0);
    expect(runner.output).toMatch(/Z: Runner connect error: .*\. Retrying until reconnected\.\n/);
    expect(runner.output).toMatch(/Z: Runner reconnected\.\n/);
    expect(parseRunnerLog(runner.output)).toMatchObject({ listening: true, result: 'Succeeded' });
  });

  test('waits until the guest’s clock is right', async () => {
    const { root, run } = await withJit();
    mkdirSync(join(root, 'tools'));
    const date = join(root, 'tools', 'date');
    writeFileSync(date, skewedDateScript(-1_000_000_000), { mode: 0o755 });
    const runner = run({ PATH: `${join(root, 'tools')}:${process.env.PATH}` });
    await vi.waitFor(() => expect(runner.output).toContain('clock may be out of sync'), 10_000);
    expect(runner.output).not.toContain('Listening for Jobs');
    writeFileSync(`${date}.right`, '');
    await listening(runner);
  });

  test('is offline at once when it is asked to end', async () => {
    const { run, world } = await withJit();
    const runner = run();
    await listening(runner);
    runner.signal('SIGTERM');
    expect(await runner.exit).toBe(0);
    expect(runnerNamed(world, 'mac').state.status).toBe('offline');
  });

  test('that is killed loses its job after a while, and the processes of the job end', async () => {
    const { has, push, root, run, world } = await withJit({
      timings: { lostAfter: 3_000, offlineAfter: 1_000 },
    });
    const pushed = push([{ steps: ['echo $$ > "$HOME/pid"; sleep 300'] }]);
    const runner = run();
    await vi.waitFor(() => expect(has('pid')).toBe(true), 30_000);
    runner.signal('SIGKILL');
    await vi.waitFor(() => expect(jobOf(pushed).state.conclusion).toBe('failure'), 30_000);
    expect(runnerNamed(world, 'mac').state.status).toBe('offline');
    const pid = Number(readFileSync(join(root, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), 10_000);
  });

  test('keeps its job for as long as it lives', async () => {
    const { push, run } = await withJit({ timings: { lostAfter: 1_500 } });
    const pushed = push([{ steps: ['sleep 3'] }]);
    expect(await run().exit).toBe(0);
    expect(jobOf(pushed).state.conclusion).toBe('success');
  });
});

describe('a runner in a simulated guest', () => {
  test('takes a job with run.sh, has a worker that pgrep finds until the job ends, and exits with 0', async () => {
    const { blob, push } = await withJit();
    const mac = await macWithGuests({}, { runnerProgram: join(RUNNER_FILES, 'simulated-runner.mjs') });
    cleanups.push(() => mac[Symbol.asyncDispose]());
    const client = await login((await mac.boot()).port);
    const pushed = push([{ steps: ['until [ -f "$HOME/go" ]; do sleep 0.05; done'] }]);
    const inGuest = (command: string, input = '') => inGuestRun(client, command, input);
    const running = inGuest(
      'read -r BLOB; cd actions-runner && ACTIONS_RUNNER_INPUT_JITCONFIG=$BLOB ./run.sh',
      `${blob}\n`,
    );
    await vi.waitFor(async () => expect((await inGuest('pgrep -f Runner.Worker')).code).toBe(0), 10_000);
    await inGuest('touch go');
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(parseRunnerLog(stdout)).toMatchObject({ tookJob: true, finishedJob: true, result: 'Succeeded' });
    expect(stdout).toContain('Runner listener exit with 0 return code');
    expect(jobOf(pushed).state.conclusion).toBe('success');
    expect((await inGuest('pgrep -f Runner.Worker')).code).toBe(1);
    client.end();
  });
});
