import { expect, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { readSnapshot } from '../../src/jobs/read-snapshot.ts';
import { type Call, HANGS, JobRig, type RigOptions } from './job-rig.ts';
import { JOB, RUNNER, START, VM } from './job-samples.ts';
import { done, snapshotAt, step } from './job-step.ts';

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

test('a job that meets no trouble passes all states of the pipeline in their order', async () => {
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
    'tearingDown vm.acting runner.acting',
    'tearingDown vm.gone runner.acting',
    'done',
  ]);
  expect(rig.context.job).toMatchObject({ status: 'completed', conclusion: 'success', attemptsFailed: 0 });
});

test('an effect that fails is tried again after pauses that double up to a cap', async () => {
  const rig = await started({ script: { createVm: times(8, UNREACHABLE) } });
  expect(await rig.finish()).toBe('done');
  expect(pauses(rig.callsOf('createVm'))).toEqual([250, 500, 1000, 2000, 4000, 5000, 5000, 5000]);
});

test('the pauses begin anew in the next phase', async () => {
  const rig = await started({ script: { createVm: times(5, UNREACHABLE), startVm: times(2, UNREACHABLE) } });
  await rig.finish();
  expect(pauses(rig.callsOf('startVm'))).toEqual([250, 500]);
});

test('a phase that runs out of time ends the attempt and says what the last answer was', async () => {
  const rig = await started({ script: { startVm: times(1000, { fails: 'HOST_BUSY' as const }) } });
  expect(await rig.finish()).toBe('queued');
  const last = rig.callsOf('startVm').at(-1)?.at ?? 0;
  expect(last - START).toBeLessThanOrEqual(DEFAULT_POLICY.timeouts.starting);
  expect(rig.context.failure).toMatchObject({
    code: 'PHASE_TIMED_OUT',
    blame: 'host',
    message: 'Starting the VM took longer than 300 s. Last answer: HOST_BUSY.',
  });
});

test('a full host is waited for without end: nobody fails, and the pauses are capped', async () => {
  const rig = await started({ script: { startVm: times(60, FULL) } });
  expect(await rig.finish()).toBe('done');
  const waited = pauses(rig.callsOf('startVm'));
  expect(waited.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 30].map((seconds) => seconds * SECOND));
  expect(Math.max(...waited)).toBe(30 * SECOND);
  expect(rig.clock.now() - START).toBeGreaterThan(DEFAULT_POLICY.timeouts.starting);
  expect(rig.context.job.attemptsFailed).toBe(0);
});

test('what stood in the way says when trying again has a use, and is believed', async () => {
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

test('when it is unblocked, a phase has its whole time again', async () => {
  const rig = await started({ script: { startVm: [FULL, HANGS] } });
  await rig.clock.passUntil(START + SECOND);
  expect(rig.at).toBe('starting.acting');
  expect(rig.context.phase.deadlineAt).toBe(START + SECOND + DEFAULT_POLICY.timeouts.starting);
});

test('a failed attempt leads to a new one, under a new name and after a pause', async () => {
  const rig = await started({ script: { startVm: [{ fails: 'VM_START_FAILED' }] } });
  expect(await rig.finish()).toBe('queued');
  expect(rig.context).toMatchObject({
    vm: null,
    runner: null,
    failure: { code: 'VM_START_FAILED' },
    job: { attemptsFailed: 1, notBefore: START + 5 * SECOND },
  });
  await rig.grantSlot();
  expect(rig.context.failure).toBeNull();
  expect(await rig.finish()).toBe('done');
  expect(rig.callsOf('createVm').map(({ input }) => input.vmName)).toEqual([
    'gh-default-101-1',
    'gh-default-101-2',
  ]);
});

test('after the last attempt the job is reported failed, with its cause', async () => {
  const rig = new JobRig({ script: { probeGuest: times(3, { fails: 'GUEST_TOOL_MISSING' as const }) } });
  const rests: number[] = [];
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    await rig.grantSlot();
    await rig.finish();
    rests.push(rig.context.job.notBefore - rig.clock.now());
  }
  expect(rig.at).toBe('failed');
  expect(rests.slice(0, 2)).toEqual([5 * SECOND, 10 * SECOND]);
  expect(rig.context.failure).toMatchObject({ code: 'GUEST_TOOL_MISSING', blame: 'image' });
  expect(rig.counts).toMatchObject({ createVm: 3, deleteVm: 3 });
});

test('law 9: a teardown is tried for ever, with capped pauses, until the world is clean', async () => {
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

test('a teardown shows while it fails that it needs attention, and frees the slot with the VM', async () => {
  const rig = await started({ script: { removeRunner: [{ fails: 'GITHUB_ERROR' }] } });
  expect(rig.at).toBe('tearingDown vm.gone runner.waiting');
  expect(rig.snapshot.hasTag('needsAttention')).toBe(true);
  expect(rig.snapshot.hasTag('holdsSlot')).toBe(false);
  expect(rig.context.runnerRemoval.lastFailure?.code).toBe('GITHUB_ERROR');
});

test('a VM of which nobody saw the create end is torn down by its name', async () => {
  const rig = await started({ script: { createVm: [HANGS] } });
  await rig.send({ type: 'job.completed', conclusion: 'cancelled', here: false });
  expect(rig.at).toBe('done');
  expect(rig.callsOf('deleteVm')[0]?.input).toEqual({
    host: 'mini-1',
    vmName: 'gh-default-101-1',
    vmId: null,
  });
});

test('law 8: a further runner in the same VM gets no further time than the first had', () => {
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

test('a runner name that GitHub knows already is given up for the next number of the job', async () => {
  const rig = await started({ script: { obtainRunnerConfig: [{ fails: 'RUNNER_NAME_TAKEN' }] } });
  await rig.finish();
  expect(rig.callsOf('obtainRunnerConfig').map(({ input }) => input.runnerName)).toEqual([
    'gh-default-101-1',
    'gh-default-101-2',
  ]);
  expect(rig.counts.createVm).toBe(1);
  expect(rig.context.job.namesTaken).toBe(2);
});

test('a host that is lost before the runner was launched costs the job no attempt', async () => {
  const rig = await started({ script: { connectGuest: [HANGS], deleteVm: times(5, UNREACHABLE) } });
  await rig.send({ type: 'host.lost' });
  expect(rig.at).toBe('tearingDown vm.waiting runner.gone');
  expect(await rig.finish()).toBe('queued');
  expect(rig.context).toMatchObject({ failure: { code: 'HOST_LOST' }, job: { attemptsFailed: 0 } });
});

test('a job that was released goes on elsewhere: here only the teardown is left', async () => {
  const rig = await started({ script: { connectGuest: [HANGS], deleteVm: times(5, UNREACHABLE) } });
  await rig.send({ type: 'host.lost' }, { type: 'job.released' });
  expect(await rig.finish()).toBe('done');
  expect(rig.counts).toMatchObject({ createVm: 1, deleteVm: 6 });
});

test('law 2: no name is given twice, however the attempts of a job end', async () => {
  const names: unknown[] = [];
  let job = JOB;
  for (const fails of ['VM_START_FAILED', 'VM_VANISHED'] as const) {
    const rig = await started({ job, script: { startVm: [{ fails }] } });
    await rig.finish();
    names.push(...rig.callsOf('createVm').map(({ input }) => input.vmName));
    job = rig.context.job;
  }
  expect(new Set(names).size).toBe(names.length);
});
