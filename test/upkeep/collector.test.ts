import { describe, expect, test, vi } from 'vitest';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { dispatchFixture } from '../dispatch/dispatch-fixture.ts';
import { type EffectFixtureOptions, LABEL, OWNER, REPOSITORY } from '../effects/effect-fixture.ts';
import { connect, jitBody, runnerNamed, take } from '../simulator/github/github-fixture.ts';
import { soon } from '../support/soon.ts';
import { lostAttempt } from './lost-attempt.ts';

vi.setConfig({ testTimeout: 60_000 });

const LONG = ['touch "$HOME/begun"; while [ ! -f "$HOME/enough" ]; do sleep 0.1; done'];

async function collecting(options: EffectFixtureOptions = {}) {
  const at = await dispatchFixture({ timeouts: { retire_window: '1s' }, ...options });
  await at.begin();
  const register = async (name: string, labels = [LABEL]) => {
    const path = `/repos/${OWNER}/${REPOSITORY}/actions/runners/generate-jitconfig`;
    const { status } = await at.github.ask('POST', path, jitBody(name, labels));
    expect(status).toBe(201);
    return runnerNamed(at.github.world, name);
  };
  const told = (steps: Awaited<ReturnType<typeof at.collector.collect>>) =>
    steps.map((step) => `${step.kind} ${step.name} ${step.do}`);
  return {
    ...at,
    register,
    lostAttempt: (steps: string[] = []) => lostAttempt(at, steps),
    collect: async () => told(await at.collector.collect()),
    plan: async () => told(await at.collector.plan()),
    names: () => [...at.mac.world.vms.values()].map(({ name }) => name),
  };
}

test('an ownerless VM that is off is deleted at the second look, and a plan does not count as a look', async () => {
  const at = await collecting();
  addForeignVm(at.mac.world, { name: 'gh-t-9-1', state: 'stopped' });
  for (let n = 0; n < 3; n += 1) expect(await at.plan()).toEqual(['vm gh-t-9-1 wait']);
  expect(await at.collect()).toEqual(['vm gh-t-9-1 wait']);
  for (let n = 0; n < 2; n += 1) expect(await at.plan()).toEqual(['vm gh-t-9-1 delete']);
  expect(at.names()).toEqual(['gh-t-9-1']);
  expect(await at.collect()).toEqual(['vm gh-t-9-1 delete']);
  expect(at.names()).toEqual([]);
  expect(at.warnings().join('\n')).toContain('collected vm gh-t-9-1 (delete): no record owns it');
});

test('no foreign VM or runner is touched, however similar its name is', async () => {
  const at = await collecting();
  const names = [
    'gh-t-9',
    'gh-t-9-1-1',
    'gh-t-09-1',
    'gh-t-9-0',
    'gh-tt-9-1',
    'GH-t-9-1',
    'gh-t-9-1 x',
    'xgh-t-9-1',
  ];
  for (const name of names) {
    addForeignVm(at.mac.world, { name, state: 'stopped', ephemeral: true });
    await at.register(name.replace(' ', '_'));
  }
  for (let n = 0; n < 3; n += 1) expect(await at.collect()).toEqual([]);
  expect(at.names()).toEqual(names);
  expect(at.runnerNames()).toHaveLength(names.length);
});

test('a VM and a runner of an actor are not touched', async () => {
  const at = await collecting();
  at.mac.faults.add({ route: 'guest boot *', body: { natMs: 'never' } });
  const { jobId } = at.queueJob();
  await at.see(jobId);
  await soon(() => expect(at.stateOf(jobId)).toMatch(/^sshReady/));
  for (let n = 0; n < 3; n += 1) expect(await at.collect()).toEqual([]);
  expect(at.names()).toHaveLength(1);
});

test('a runner that appears after its removal is removed again, also while its VM cannot be deleted', async () => {
  const at = await collecting();
  at.mac.faults.add({ route: 'DELETE /vms/:id', status: 500, code: 'DELETE_FAILED' });
  const { jobId, name } = at.queueJob();
  await at.see(jobId);
  await soon(() => expect(at.stateOf(jobId)).toContain('runner.gone'));
  await at.register(name);
  expect(await at.collect()).toEqual([`runner ${name} wait`]);
  expect(await at.collect()).toEqual([`runner ${name} delete`]);
  expect([at.names(), at.runnerNames()]).toEqual([[name], []]);
});

describe('a runner without a record', () => {
  test('and without a VM is removed at the second look, when it was offline in both', async () => {
    const at = await collecting();
    await at.register('gh-t-9-1');
    expect(await at.collect()).toEqual(['runner gh-t-9-1 wait']);
    expect(await at.collect()).toEqual(['runner gh-t-9-1 delete']);
    expect(at.runnerNames()).toEqual([]);
  });

  test('is not touched while it is online or has a job', async () => {
    const at = await collecting();
    connect(at.github.world, await at.register('gh-t-9-1'));
    const worker = connect(at.github.world, await at.register('gh-t-9-2', ['busy-one']));
    at.queueJob([], 'busy-one');
    await take(at.github.world, worker);
    for (let n = 0; n < 3; n += 1) {
      expect(await at.collect()).toEqual(['runner gh-t-9-1 leave', 'runner gh-t-9-2 leave']);
    }
    expect(at.runnerNames()).toEqual(['gh-t-9-1', 'gh-t-9-2']);
  });

  test('that gets a job between the look and the removal is not touched, and that is logged', async () => {
    const at = await collecting();
    const runner = await at.register('gh-t-9-1');
    await at.collect();
    const slow = at.github.faults.add({ route: `GET *runners/${runner.id}`, delayMs: 200, times: 1 });
    const collecting_ = at.collect();
    await soon(() => expect(slow.hits).toBe(1));
    connect(at.github.world, runner);
    await collecting_;
    expect(at.runnerNames()).toEqual(['gh-t-9-1']);
    expect(at.warnings().at(-1)).toContain('the collector could not remove runner gh-t-9-1');
  });

  test('is not removed while a host does not respond, since its VM may be there', async () => {
    const at = await collecting({ macs: 2 });
    await at.register('gh-t-9-1');
    const deaf = at.macs[1]?.faults.add({ route: 'GET /vms', drop: 'before' });
    for (let n = 0; n < 3; n += 1) expect(await at.collect()).toEqual(['runner gh-t-9-1 leave']);
    expect(deaf?.hits).toBeGreaterThanOrEqual(3);
    at.macs[1]?.faults.clear();
    await at.collect();
    await at.collect();
    expect(at.runnerNames()).toEqual([]);
  });
});

test('VMs are collected while GitHub cannot list runners', async () => {
  const at = await collecting();
  at.github.faults.add({ route: 'GET *', status: 502 });
  addForeignVm(at.mac.world, { name: 'gh-t-9-1', state: 'stopped' });
  await at.collect();
  await at.collect();
  expect(at.names()).toEqual([]);
  expect(at.warnings().join('\n')).toContain('the runners of octo/app could not be listed');
});

test('a collection that is stopped while GitHub is slow ends without a warning', async () => {
  const at = await collecting();
  const slow = at.github.faults.add({ route: 'GET *runners*', delayMs: 5_000, times: 1 });
  const collected = at.collect();
  await soon(() => expect(slow.hits).toBe(1));
  const before = at.warnings().length;
  at.collector.stop();
  await expect(collected).rejects.toThrow();
  expect(at.warnings()).toHaveLength(before);
});

test('a VM that cannot be deleted is tried again, and does not delay others', async () => {
  const at = await collecting();
  for (const name of ['gh-t-8-1', 'gh-t-9-1']) addForeignVm(at.mac.world, { name, state: 'stopped' });
  await at.collect();
  at.mac.faults.add({ route: 'mac delete gh-t-8-1', status: 500, times: 1 });
  await at.collect();
  expect(at.vms()).toEqual(['gh-t-8-1 deleted']);
  await at.collect();
  expect(at.vms()).toEqual([]);
});

test('a VM that is started between the look and the delete is not touched, and that is logged', async () => {
  const at = await collecting();
  const vm = addForeignVm(at.mac.world, { name: 'gh-t-9-1', state: 'stopped' });
  await at.collect();
  const slow = at.mac.faults.add({ route: 'GET /vms/:id/state', delayMs: 200, times: 1 });
  const collected = at.collect();
  await soon(() => expect(slow.hits).toBe(1));
  vm.state = 'running';
  await collected;
  expect(at.names()).toEqual(['gh-t-9-1']);
  expect(at.warnings().at(-1)).toContain('the collector could not remove vm gh-t-9-1');
});

describe('an ownerless VM that runs is given an actor that asks its guest', () => {
  test('and is retired when the guest has no job, once, also when collections overlap', async () => {
    const at = await collecting();
    const lost = await at.lostAttempt();
    cancelRun(at.github.world, lost.run);
    await lost.launch();
    expect(await at.collect()).toEqual(expect.arrayContaining([`vm ${lost.name} wait`]));
    await Promise.all([at.collector.collect(), at.collector.collect(), at.collector.collect()]);
    const adopted = at.warnings().filter((line) => line.includes('(adopt)'));
    expect(adopted).toHaveLength(1);
    expect(at.states()).toHaveLength(1);
    await soon(() => expect(at.states()).toEqual([]));
    expect([at.names(), at.runnerNames()]).toEqual([[], []]);
  });

  test('and is kept until the end of the job that runs in it', async () => {
    const at = await collecting();
    const lost = await at.lostAttempt(LONG);
    await lost.launch();
    await soon(async () => expect((await lost.inGuest('ls ~/begun')).code).toBe(0));
    await at.collect();
    await at.collect();
    await soon(() => expect(at.stateOf(lost.jobId)).toMatch(/^running.busy/));
    await at.collect();
    expect(at.jobOf(lost.jobId).status).toBe('in_progress');
    await lost.inGuest('touch ~/enough');
    await soon(() => expect(at.states()).toEqual([]));
    expect(at.jobOf(lost.jobId)).toMatchObject({ status: 'completed', conclusion: 'success' });
    expect(at.names()).toEqual([]);
  });

  test('and is kept with the job that it runs when the job for which it was made ends in another VM of ours', async () => {
    const at = await collecting();
    const one = await at.lostAttempt(LONG);
    const other = await at.lostAttempt(LONG);
    const runs = (jobId: number) =>
      soon(() => expect(at.jobOf(jobId)).toMatchObject({ status: 'in_progress' }));
    await other.launch();
    await runs(one.jobId);
    await one.launch();
    await runs(other.jobId);
    await at.collect();
    await at.collect();
    await soon(() => expect(at.states()).toEqual([0, 1].map(() => expect.stringMatching(/running\.busy/))));
    await one.inGuest('touch ~/enough');
    await soon(() => expect(at.jobOf(other.jobId).status).toBe('completed'));
    await at.see(other.jobId);
    await soon(() => expect(at.names()).toEqual([other.name]));
    expect(at.jobOf(one.jobId).status).toBe('in_progress');
    await other.inGuest('touch ~/enough');
    await soon(() => expect(at.jobOf(one.jobId).status).toBe('completed'));
    await at.see(one.jobId);
    await soon(() => expect(at.states()).toEqual([]));
    expect(at.jobOf(one.jobId).conclusion).toBe('success');
  });

  test('and its runner is removed from its repository although another actor has its job', async () => {
    const at = await collecting();
    at.dispatcher.drain();
    const lost = await at.lostAttempt();
    await at.see(lost.jobId);
    at.github.world.queue.clear();
    await lost.launch();
    await at.collect();
    await at.collect();
    await soon(() => expect(at.states()).toEqual([expect.stringMatching(/^\d+ - queued$/)]));
    expect([at.names(), at.runnerNames()]).toEqual([[], []]);
  });

  test('and its runner is removed from its repository although its job is unknown', async () => {
    const at = await collecting();
    const lost = await at.lostAttempt();
    cancelRun(at.github.world, lost.run);
    await lost.launch();
    at.github.world.jobs.delete(lost.jobId);
    await at.collect();
    await at.collect();
    await soon(() => expect(at.states()).toEqual([]));
    expect([at.names(), at.runnerNames()]).toEqual([[], []]);
  });
});
