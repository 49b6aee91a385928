import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { HANGS, type Script, started, times } from './job-rig.ts';
import { JOB, OTHER_JOB, RUNNER, rejectionWith, START, VM } from './job-samples.ts';
import { done, rejected, snapshotAt, step } from './job-step.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const UNREACHABLE = { fails: 'HOST_UNREACHABLE' } as const;

test('a job without a failure passes all states of the pipeline in order', async () => {
  const rig = await started();
  await rig.finish();
  expect(rig.path).toEqual([
    'queued',
    'creating.acting',
    'starting.acting',
    'sshReady.acting',
    'probing.acting',
    'jitConfig.acting',
    'runnerOnline.launching.acting',
    'runnerOnline.confirming.acting',
    'running.idle.watching',
    'running.busy.watching',
    'running.verifying.acting',
    'tearingDown vm.acting runner.acting job.gone',
    'tearingDown vm.gone runner.acting job.gone',
    'done',
  ]);
  expect(rig.context.job).toMatchObject({
    status: 'completed',
    conclusion: 'success',
    attempt: 1,
    attemptsFailed: 0,
  });
  expect(rig.released).toEqual([]);
});

test('a late message that a job started changes nothing once the job is over', () => {
  const job = { ...JOB, status: 'completed', conclusion: 'cancelled' } as const;
  const from = snapshotAt('running.retiring.askingGuest.waiting', { job });
  expect(step(from, { type: 'job.started' }).to).toBe('running.retiring.askingGuest.waiting');
});

test('a teardown that fails needs attention, and its slot is free when the VM is gone', async () => {
  const rig = await started({ script: { removeRunner: [{ fails: 'GITHUB_ERROR' }] } });
  expect(rig.at).toBe('tearingDown vm.gone runner.waiting job.gone');
  expect(rig.snapshot.hasTag('needsAttention')).toBe(true);
  expect(rig.snapshot.hasTag('holdsSlot')).toBe(false);
  expect(rig.context.runnerRemoval.lastFailure?.code).toBe('GITHUB_ERROR');
});

test('a VM whose create was interrupted is torn down by its name', async () => {
  const rig = await started({ script: { createVm: [HANGS] } });
  await rig.send({ type: 'job.completed', conclusion: 'cancelled', here: false });
  expect(rig.at).toBe('done');
  expect(rig.callsOf('deleteVm')[0]?.input).toEqual({
    host: 'mini-1',
    vmName: 'gh-default-101-1',
    vmId: null,
  });
});

test('law 8: another runner in the same VM keeps the deadline of the first one', () => {
  const phase = {
    tries: 0,
    nextTryAt: 0,
    lastFailure: null,
    enteredAt: START - MINUTE,
    deadlineAt: START + SECOND,
  };
  const deadlineOf = (name: string) => {
    const before = snapshotAt('jitConfig.acting', { phase, runner: { ...RUNNER, name } });
    const { after } = step(before, done('obtainRunnerConfig', { runnerId: 8, mode: 'jit' }));
    expect(after.matches('runnerOnline')).toBe(true);
    return after.context.phase.deadlineAt;
  };
  expect(deadlineOf(VM.name)).toBe(START + DEFAULT_POLICY.timeouts.runnerOnline);
  expect(deadlineOf('gh-default-101-9')).toBe(START + SECOND);
});

test('a runner name that GitHub already has is replaced by the next number of the job', async () => {
  const rig = await started({ script: { obtainRunnerConfig: [{ fails: 'RUNNER_NAME_TAKEN' }] } });
  await rig.finish();
  expect(rig.callsOf('obtainRunnerConfig').map(({ input }) => input.runnerName)).toEqual([
    'gh-default-101-1',
    'gh-default-101-2',
  ]);
  expect(rig.counts.createVm).toBe(1);
  expect(rig.context.vm?.numbers).toEqual({ next: 3, last: 100 });
});

test.each(['VM_NAME_TAKEN', 'RUNNER_NAME_TAKEN'] as const)(
  'law 2: names use reserved numbers only: %s at the last number changes no name',
  (code) => {
    const vm = { ...VM, id: null, numbers: { next: 101, last: 100 } };
    const isVm = code === 'VM_NAME_TAKEN';
    const before = snapshotAt(isVm ? 'creating.acting' : 'jitConfig.acting', { vm });
    const { after } = step(before, rejected(isVm ? 'createVm' : 'obtainRunnerConfig', rejectionWith(code)));
    expect(after.context.vm).toMatchObject({ name: VM.name, numbers: vm.numbers });
    expect(after.context.runner?.name).toBe(before.context.runner?.name);
  },
);

test('a runner is registered at the place of its job, and stays there when its VM gets a job of another place', () => {
  const { scope } = RUNNER;
  const other = { ...OTHER_JOB, repository: 'site' };
  const get = { type: 'job.exchanged', job: other, here: false };
  // A registration that is in flight at one place is not for the new job: the next name is used at the other
  // place.
  const config = step(snapshotAt('jitConfig.acting'), get).after.context;
  expect(config.runner).toMatchObject({
    name: 'gh-default-101-2',
    scope: { kind: 'repository', owner: 'octo', repository: 'site' },
  });
  expect(config.vm?.numbers).toEqual({ next: 3, last: 100 });
  const same = step(snapshotAt('jitConfig.acting'), { ...get, job: OTHER_JOB }).after.context;
  expect(same.runner).toMatchObject({ name: VM.name, scope });
  expect(step(snapshotAt('running.idle.watching'), get).after.context.runner).toEqual(RUNNER);
});

test.each(['jitConfig.waiting', 'jitConfig.blocked'])(
  'a registration in %s is dropped for a job of another place, and one starts there at once',
  (path) => {
    const get = { type: 'job.exchanged', job: { ...OTHER_JOB, repository: 'site' }, here: false } as const;
    const { after } = step(snapshotAt(path), get);
    expect(after.matches({ jitConfig: 'acting' })).toBe(true);
    expect(after.context.runner).toMatchObject({
      name: 'gh-default-101-2',
      scope: { kind: 'repository', owner: 'octo', repository: 'site' },
    });
    const same = step(snapshotAt(path), { ...get, job: OTHER_JOB }).after;
    expect(JSON.stringify(same.value)).toBe(JSON.stringify(snapshotAt(path).value));
    expect(same.context.runner).toEqual(snapshotAt(path).context.runner);
  },
);

test('a host that is lost before the launch of the runner does not count as a failed attempt', async () => {
  const rig = await started({ script: { connectGuest: [HANGS], deleteVm: times(5, UNREACHABLE) } });
  await rig.send({ type: 'host.lost' });
  expect(rig.at).toBe('tearingDown vm.waiting runner.gone job.gone');
  expect(rig.released).toMatchObject([{ lastFailure: { code: 'HOST_LOST' }, attempt: 1, attemptsFailed: 0 }]);
  expect(await rig.finish()).toBe('done');
  expect(rig.counts).toMatchObject({ createVm: 1, deleteVm: 6 });
});

test('a runner whose removal fails for an hour is left to the collector, without delay for slot and job', async () => {
  const rig = await started({ script: { removeRunner: times(100, { fails: 'GITHUB_ERROR' as const }) } });
  expect(rig.snapshot.hasTag('holdsSlot')).toBe(false);
  expect(await rig.finish()).toBe('done');
  expect(rig.clock.now() - START).toBeGreaterThanOrEqual(DEFAULT_POLICY.timeouts.removal);
  expect(rig.clock.now() - START).toBeLessThan(DEFAULT_POLICY.timeouts.removal + 2 * MINUTE);
  expect(rig.context.runner?.isLeft).toBe(true);
  expect(rig.context.runnerRemoval.lastFailure?.code).toBe('GITHUB_ERROR');
});

test('a job that an operator cancelled ends as cancelled, also when the lifetime of its VM passes after that', async () => {
  const script: Script = { watchRunner: [HANGS], askGuest: [HANGS] };
  const rig = await started({ script });
  await rig.send({ type: 'operator.cancelled', by: 'ada' });
  await rig.clock.passUntil(START + 7 * 60 * MINUTE);
  expect(await rig.finish()).toBe('failed');
  expect(rig.released).toEqual([]);
  expect(rig.snapshot.output).toMatchObject({
    outcome: 'cancelled',
    blame: 'operator',
    cause: { code: 'OPERATOR_CANCELLED' },
  });
});

test('a job that another runner took while ours was retired ends as taken, not as lost', async () => {
  const taken = {
    status: 'in_progress',
    conclusion: null,
    here: false,
    takenBy: 'theirs',
    runner: 'offline',
  } as const;
  const silent = times(30, { fails: 'GUEST_UNREACHABLE' as const });
  for (const askGuest of [[], silent]) {
    const rig = await started({ script: { watchRunner: [HANGS], askGitHub: [taken], askGuest } });
    await rig.clock.passUntil(START + DEFAULT_POLICY.timeouts.idle);
    expect(await rig.finish()).toBe('done');
    expect(rig.counts.askGitHub).toBe(1);
    expect(rig.snapshot.output).toEqual({ outcome: 'notOurs', blame: null, cause: null, attempts: 1 });
  }
});
