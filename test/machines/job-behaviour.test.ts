import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { type Call, HANGS, JobRig, type RigOptions, type Script } from './job-rig.ts';
import { JOB, OTHER_JOB, RUNNER, rejectionWith, START, VM } from './job-samples.ts';
import { done, rejected, snapshotAt, step } from './job-step.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const times = <T>(count: number, reply: T): T[] => Array.from({ length: count }, () => ({ ...reply }));
const UNREACHABLE = { fails: 'HOST_UNREACHABLE' } as const;
const FULL = { fails: 'VM_LIMIT_REACHED' } as const;

/** Milliseconds between the calls of an effect. */
const pauses = (calls: Call[]) => calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0));

async function started(options: RigOptions = {}): Promise<JobRig> {
  const rig = new JobRig(options);
  await rig.grantSlot();
  return rig;
}

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

test('an effect that fails is tried again after pauses that double up to a cap', async () => {
  const rig = await started({ script: { createVm: times(8, UNREACHABLE) } });
  expect(await rig.finish()).toBe('done');
  expect(pauses(rig.callsOf('createVm'))).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test('a guest that boots is asked each second at first, and the longer it is silent the less often', async () => {
  const rig = await started({ script: { connectGuest: times(200, { fails: 'SSH_NOT_READY' }) } });
  await rig.finish();
  const calls = rig.callsOf('connectGuest').slice(0, 200);
  const [first] = calls;
  const within = (ms: number) => calls.filter(({ at }) => at < (first?.at ?? 0) + ms).length;
  expect([within(30 * SECOND), within(DEFAULT_POLICY.timeouts.sshReady)]).toEqual([33, 126]);
  expect(Math.max(...pauses(calls.slice(0, 33)))).toBe(SECOND);
  expect(Math.max(...pauses(calls.slice(0, 120)))).toBeLessThanOrEqual(15 * SECOND);
});

test('a job that starts before its runner was seen online resets the tries of that wait', async () => {
  const from = snapshotAt('runnerOnline.confirming.waiting', {
    phase: {
      ...{ enteredAt: START, deadlineAt: START + 1, tries: 3, nextTryAt: START },
      lastFailure: failure('RUNNER_NOT_ONLINE', 'not yet'),
    },
  });
  const { after } = step(from, { type: 'job.started' });
  expect(after.context.phase).toMatchObject({ tries: 0, nextTryAt: 0, lastFailure: null });
});

test('a late message that a job started changes nothing once the job is over', () => {
  const job = { ...JOB, status: 'completed', conclusion: 'cancelled' } as const;
  const from = snapshotAt('running.retiring.askingGuest.waiting', { job });
  expect(step(from, { type: 'job.started' }).to).toBe('running.retiring.askingGuest.waiting');
});

test('the pauses start with the shortest one again in the next phase', async () => {
  const rig = await started({ script: { createVm: times(5, UNREACHABLE), startVm: times(2, UNREACHABLE) } });
  await rig.finish();
  expect(pauses(rig.callsOf('startVm'))).toEqual([250, 500]);
});

test('a phase that runs out of time ends the attempt with the last failure in its message', async () => {
  const rig = await started({ script: { startVm: times(1000, { fails: 'HOST_BUSY' as const }) } });
  expect(await rig.finish()).toBe('done');
  const last = rig.callsOf('startVm').at(-1)?.at ?? 0;
  expect(last - START).toBeLessThanOrEqual(DEFAULT_POLICY.timeouts.starting);
  expect(rig.released[0]?.lastFailure).toMatchObject({
    code: 'PHASE_TIMED_OUT',
    blame: 'host',
    message: 'Starting the VM took longer than 5 min. Last answer: HOST_BUSY.',
  });
});

test('a limit that is shorter than a minute is told as it is', async () => {
  const timeouts = { ...DEFAULT_POLICY.timeouts, starting: 20_000 };
  const rig = await started({
    script: { startVm: times(1000, { fails: 'HOST_BUSY' as const }) },
    policy: { ...DEFAULT_POLICY, timeouts },
  });
  await rig.finish();
  expect(rig.released[0]?.lastFailure?.message).toContain('took longer than 20 s.');
});

test('a job waits for a full host without a limit and without a failed attempt, with capped pauses', async () => {
  const rig = await started({ script: { startVm: times(60, FULL) } });
  expect(await rig.finish()).toBe('done');
  const waited = pauses(rig.callsOf('startVm'));
  expect(waited.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 30].map((seconds) => seconds * SECOND));
  expect(Math.max(...waited)).toBe(30 * SECOND);
  expect(rig.clock.now() - START).toBeGreaterThan(DEFAULT_POLICY.timeouts.starting);
  expect(rig.context.job.attemptsFailed).toBe(0);
});

test('a failure that names the instant of the next try sets that instant', async () => {
  const reset = START + 40 * MINUTE;
  const limited = { fails: 'GITHUB_RATE_LIMITED', retryAt: reset } as const;
  const rig = await started({ script: { obtainRunnerConfig: [limited] } });
  expect(rig.at).toBe('jitConfig.blocked');
  expect(await rig.finish()).toBe('done');
  expect(rig.callsOf('obtainRunnerConfig').map(({ at }) => at)).toEqual([START, reset]);
});

test('a phase blocked beyond its time leaves a record that can be restored', async () => {
  const limited = { fails: 'GITHUB_RATE_LIMITED', retryAt: START + 40 * MINUTE } as const;
  const rig = await started({ script: { obtainRunnerConfig: [limited] } });
  await rig.clock.passUntil(START + 30 * MINUTE);
  const stored = rig.stored();
  expect(rig.at).toBe('jitConfig.blocked');
  expect(readSnapshot(rig.machine, stored)).not.toHaveProperty('why');
  const again = new JobRig({ stored, now: rig.clock.now() });
  expect(await again.finish()).toBe('done');
  expect(again.counts.obtainRunnerConfig).toBe(1);
});

test('a phase has its whole time again when it is unblocked', async () => {
  const rig = await started({ script: { startVm: [FULL, HANGS] } });
  await rig.clock.passUntil(START + SECOND);
  expect(rig.at).toBe('starting.acting');
  expect(rig.context.phase.deadlineAt).toBe(START + SECOND + DEFAULT_POLICY.timeouts.starting);
});

test('a failed attempt is followed by a new one with a new name after a pause', async () => {
  const rig = await started({ script: { startVm: [{ fails: 'VM_START_FAILED' }] } });
  expect(await rig.finish()).toBe('done');
  const [job] = rig.released;
  expect(job).toMatchObject({
    attempt: 1,
    attemptsFailed: 1,
    notBefore: START + 5 * SECOND,
    lastFailure: { code: 'VM_START_FAILED' },
  });
  const next = await started({ job });
  expect(next.context.failure).toBeNull();
  expect(await next.finish()).toBe('done');
  const names = [rig, next].flatMap((one) => one.callsOf('createVm').map(({ input }) => input.vmName));
  expect(names).toEqual(['gh-default-101-1', 'gh-default-101-101']);
  expect(next.snapshot.output).toMatchObject({ outcome: 'succeeded', attempts: 2 });
});

test('law 11: a job whose attempts fail is never given up, but tried after longer pauses', async () => {
  const rests: number[] = [];
  let rig = await started({ script: { probeGuest: [{ fails: 'GUEST_TOOL_MISSING' }] } });
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    await rig.finish();
    expect(rig.snapshot.output).toBeNull();
    const [job] = rig.released;
    expect(job).toMatchObject({ attempt, attemptsFailed: attempt, lastFailure: { blame: 'image' } });
    rests.push((job?.notBefore ?? 0) - rig.clock.now());
    rig = await started({ job, script: { probeGuest: [{ fails: 'GUEST_TOOL_MISSING' }] } });
  }
  expect(rests).toEqual(
    [5, 10, 5 * 60, 10 * 60, 20 * 60, 40 * 60, 60 * 60, 60 * 60].map((seconds) => seconds * SECOND),
  );
});

test('law 9: a teardown is tried until everything is removed, with capped pauses', async () => {
  const script = {
    deleteVm: times(40, UNREACHABLE),
    removeRunner: times(3, { fails: 'GITHUB_ERROR' as const }),
  };
  const rig = await started({ script });
  expect(await rig.finish()).toBe('done');
  const waited = pauses(rig.callsOf('deleteVm'));
  expect(waited).toHaveLength(40);
  expect(waited.slice(0, 8)).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60].map((seconds) => seconds * SECOND));
  expect(new Set(waited.slice(7))).toEqual(new Set([MINUTE]));
  // The runner does not wait for the VM.
  expect(pauses(rig.callsOf('removeRunner'))).toEqual([500, 1000, 2000]);
});

test('law 9: a teardown waits as long as a rate limit asks', async () => {
  const reset = START + 10 * MINUTE;
  const rig = await started({ script: { removeRunner: [{ fails: 'GITHUB_RATE_LIMITED', retryAt: reset }] } });
  await rig.finish();
  expect(rig.callsOf('removeRunner').map(({ at }) => at)).toEqual([START, reset]);
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
