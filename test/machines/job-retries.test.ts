import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { type Call, HANGS, JobRig, started, times } from './job-rig.ts';
import { START } from './job-samples.ts';
import { snapshotAt, step } from './job-step.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const UNREACHABLE = { fails: 'HOST_UNREACHABLE' } as const;
const FULL = { fails: 'VM_LIMIT_REACHED' } as const;

/** Milliseconds between the calls of an effect. */
const pauses = (calls: Call[]) => calls.slice(1).map(({ at }, i) => at - (calls[i]?.at ?? 0));

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
