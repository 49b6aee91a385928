import { describe, expect, test } from 'vitest';
import { type FailureCode, failure } from '../../machines/failure.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { releasedJob, withFailedAttempt } from '../../machines/job/release.ts';
import { rigAt } from './job-places.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { contextAt, JOB, START, VM } from './job-samples.ts';
import { COLUMNS } from './job-table.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const because = (code: FailureCode) => failure(code, 'It went wrong.');

/** Seconds before the next VM of a job that was released for this reason. */
function rest(code: FailureCode | null, attemptsFailed = 0, runnersUnused = 0, vmsInVain = 0): number {
  const context = contextAt('tearingDown vm.acting runner.gone job.decided', {
    job: { ...JOB, attempt: 9, attemptsFailed, runnersUnused, vmsInVain },
    failure: code && because(code),
  });
  return (releasedJob(context, DEFAULT_POLICY, START).notBefore - START) / SECOND;
}

describe('a job that is released for another attempt', () => {
  test('keeps its attempts and gets the reason, and nothing else of it changes', () => {
    const job = { ...JOB, attempt: 4, attemptsFailed: 2, runnersUnused: 1 };
    const cause = because('VM_START_FAILED');
    const context = contextAt('tearingDown vm.acting runner.gone job.decided', { job, failure: cause });
    expect(releasedJob(context, DEFAULT_POLICY, START)).toEqual({
      ...job,
      lastFailure: cause,
      notBefore: START + 10 * SECOND,
    });
  });

  test('does not pause when nothing failed, and loses an earlier reason', () => {
    const job = { ...JOB, attempt: 2, attemptsFailed: 1, lastFailure: because('VM_START_FAILED') };
    const context = contextAt('tearingDown vm.acting runner.gone job.decided', { job, failure: null });
    expect(releasedJob(context, DEFAULT_POLICY, START)).toEqual({
      ...job,
      lastFailure: null,
      notBefore: START,
    });
  });

  test('pauses longer with each failed attempt, and much longer from the limit of attempts on', () => {
    const rests = [1, 2, 3, 4, 5, 6, 7, 8, 50].map((failed) => rest('VM_START_FAILED', failed));
    expect(rests).toEqual([5, 10, 300, 600, 1200, 2400, 3600, 3600, 3600]);
  });

  test('pauses for 30 s after a runner that got no job, doubling up to an hour', () => {
    const rests = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((unused) => rest('RUNNER_UNUSED', 0, unused));
    expect(rests).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  });

  test.each<FailureCode>([
    'GITHUB_UNREACHABLE',
    'GITHUB_PERMISSION_MISSING',
    'HOST_LOST',
    'HOST_FULL',
    'HOST_DRAINED',
  ])('pauses for the shortest time after %s, however many attempts failed before', (code) => {
    expect([rest(code, 0), rest(code, 2), rest(code, 50)]).toEqual([5, 5, 5]);
  });

  test('pauses longer each time from its third VM in vain on, whatever the causes were', () => {
    const rests = (code: FailureCode) => [1, 2, 3, 4, 5, 6, 10, 50].map((vms) => rest(code, 1, 1, vms));
    expect(rests('GITHUB_PERMISSION_MISSING')).toEqual([5, 5, 30, 60, 120, 240, 3600, 3600]);
    expect(rests('VM_START_FAILED')).toEqual([5, 5, 30, 60, 120, 240, 3600, 3600]);
    expect(rests('RUNNER_UNUSED')).toEqual([30, 30, 30, 60, 120, 240, 3600, 3600]);
  });

  test.each<FailureCode>(['HOST_LOST', 'HOST_FULL', 'HOST_DRAINED'])(
    'pauses for no longer after %s, however many VMs were in vain',
    (code) => {
      expect(rest(code, 1, 1, 50)).toBe(5);
    },
  );

  test('does not pause for an image that a host must pull first', () => {
    expect([rest('IMAGE_NOT_READY', 0), rest('IMAGE_NOT_READY', 50)]).toEqual([0, 0]);
  });
});

test('a VM is in vain for every cause but a host that is lost, full, drained or has no image yet', () => {
  const inVain = (code: FailureCode) => withFailedAttempt(JOB, because(code)).vmsInVain;
  const spared = ['HOST_LOST', 'HOST_FULL', 'HOST_DRAINED', 'IMAGE_NOT_READY'] as const;
  expect(spared.map(inVain)).toEqual([0, 0, 0, 0]);
  const counted = [
    'VM_START_FAILED',
    'GITHUB_UNREACHABLE',
    'GITHUB_PERMISSION_MISSING',
    'RUNNER_UNUSED',
  ] as const;
  expect(counted.map(inVain)).toEqual([1, 1, 1, 1]);
});

test('an attempt counts as failed only when our code, the host or the image is to blame', () => {
  const failed = (code: FailureCode) => {
    const { attemptsFailed, runnersUnused } = withFailedAttempt(JOB, because(code));
    return [attemptsFailed, runnersUnused];
  };
  for (const code of ['UNEXPECTED', 'VM_START_FAILED', 'GUEST_TOOL_MISSING'] as const)
    expect(failed(code), code).toEqual([1, 0]);
  for (const code of [
    'GITHUB_UNREACHABLE',
    'GITHUB_PERMISSION_MISSING',
    'HOST_DRAINED',
    'JOB_NO_LONGER_QUEUED',
    'HOST_LOST',
    'HOST_FULL',
    'IMAGE_NOT_READY',
  ] as const)
    expect(failed(code), code).toEqual([0, 0]);
  expect(failed('RUNNER_UNUSED')).toEqual([0, 1]);
});

describe('law 12: before its runner was launched', () => {
  const paths = [...(COLUMNS.before ?? []), ...(COLUMNS.config ?? [])];

  test.each(paths)(
    'a job whose VM vanishes in %s is released at once, whatever happens in the teardown',
    async (path) => {
      const rig = await rigAt(path, { deleteVm: [HANGS], removeRunner: [HANGS] });
      await rig.send({ type: 'vm.vanished' });
      const now = rig.clock.now();
      expect(rig.released).toMatchObject([
        {
          id: JOB.id,
          attempt: 1,
          attemptsFailed: 1,
          lastFailure: { code: 'VM_VANISHED' },
          notBefore: now + 5 * SECOND,
        },
      ]);
      expect(rig.at).toMatch(/^tearingDown vm.acting runner.(acting|gone) job.gone$/);
      expect(rig.context.job).toMatchObject({ id: NO_JOB, name: `VM of job ${JOB.id}` });
      expect(rig.context.vm).toMatchObject({ madeFor: { jobId: JOB.id, attempt: 1 } });
      expect(rig.counts.recheckJob).toBeUndefined();
    },
  );

  test('a job that waits for a full host is released as soon as another host has room', async () => {
    const rig = await rigAt('starting.blocked');
    expect(rig.snapshot.hasTag('hostFull')).toBe(true);
    await rig.send({ type: 'host.full' });
    expect(rig.released).toMatchObject([{ attemptsFailed: 0, lastFailure: { code: 'HOST_FULL' } }]);
  });

  test('a job that GitHub no longer has queued is released only after GitHub was asked again', async () => {
    const script: Script = { obtainRunnerConfig: [{ fails: 'JOB_NO_LONGER_QUEUED' }], recheckJob: [HANGS] };
    const rig = new JobRig({ script });
    await rig.grantSlot();
    expect(rig.at).toMatch(/job.acting$/);
    expect(rig.released).toEqual([]);
  });
});

describe('law 12: after its runner was launched', () => {
  const QUEUED = { status: 'queued', conclusion: null, here: false } as const;
  const RUNS = { status: 'in_progress', conclusion: null, here: false } as const;
  const STUCK = { deleteVm: [HANGS], removeRunner: [HANGS] } satisfies Script;
  const SILENT = Array.from({ length: 1000 }, () => ({ fails: 'GUEST_UNREACHABLE' as const }));
  const EXITED = { ended: 'exited', failure: because('RUNNER_EXITED') } as const;

  async function idle(script: Script): Promise<JobRig> {
    const rig = new JobRig({ script: { watchRunner: [HANGS], ...script } });
    await rig.grantSlot();
    return rig;
  }

  test('a job whose runner ended is released when GitHub, asked after that, has it queued', async () => {
    const rig = await idle({ ...STUCK, watchRunner: [EXITED], recheckJob: [QUEUED] });
    expect(rig.released).toMatchObject([{ attemptsFailed: 1, lastFailure: { code: 'RUNNER_EXITED' } }]);
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    const order = rig.calls.map(({ effect }) => effect);
    expect(order.indexOf('recheckJob')).toBeGreaterThan(order.indexOf('watchRunner'));
  });

  test('a job whose VM vanished is released when GitHub has it queued, and not before', async () => {
    const rig = await idle({ ...STUCK, recheckJob: [{ fails: 'GITHUB_UNREACHABLE' }, QUEUED] });
    await rig.send({ type: 'vm.vanished' });
    expect([rig.at, rig.released]).toEqual(['tearingDown vm.acting runner.acting job.waiting', []]);
    await rig.clock.pass(SECOND);
    expect(rig.released).toMatchObject([{ attemptsFailed: 1, lastFailure: { code: 'VM_VANISHED' } }]);
  });

  test('GitHub is asked for the job until it responds, after pauses that double up to a minute', async () => {
    const fails = Array.from({ length: 12 }, () => ({ fails: 'GITHUB_UNREACHABLE' as const }));
    const rig = await idle({ recheckJob: fails });
    await rig.send({ type: 'vm.vanished' });
    expect(await rig.finish()).toBe('done');
    const calls = rig.callsOf('recheckJob').map(({ at }) => at - START);
    const pauses = calls.slice(1).map((at, i) => (at - (calls[i] ?? 0)) / SECOND);
    expect(pauses).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
    // VM and runner did not wait for that.
    expect([...rig.callsOf('deleteVm'), ...rig.callsOf('removeRunner')].map(({ at }) => at)).toEqual([
      START,
      START,
    ]);
  });

  test('a job that GitHub has in progress or completed after its VM vanished is not released', async () => {
    for (const answer of [RUNS, { ...RUNS, status: 'completed', conclusion: 'failure' } as const]) {
      const rig = await idle({ recheckJob: [answer] });
      await rig.send({ type: 'vm.vanished' });
      expect(await rig.finish()).toBe('done');
      expect([rig.released, rig.context.failure]).toEqual([[], null]);
    }
  });

  test('a job whose runner is retired is released when the guest has no job and the runner was removed', async () => {
    const rig = await idle(STUCK);
    await rig.clock.pass(DEFAULT_POLICY.timeouts.idle);
    expect(rig.released).toMatchObject([
      {
        attempt: 1,
        attemptsFailed: 0,
        runnersUnused: 1,
        lastFailure: { code: 'RUNNER_UNUSED' },
        notBefore: rig.clock.now() + 30 * SECOND,
      },
    ]);
    const order = rig.calls.map(({ effect }) => effect);
    expect(order.slice(order.indexOf('askGuest'))).toEqual(['askGuest', 'deregisterRunner', 'askGitHub']);
    // The protocol of law 5 still takes its whole time.
    expect(rig.at).toBe('running.retiring.settling');
    await rig.clock.pass(DEFAULT_POLICY.timeouts.retireWindow);
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    expect(rig.counts).toMatchObject({ askGuest: 2 });
  });

  test('a job is not released while GitHub refuses to remove its runner because that has a job', async () => {
    const busy = Array.from({ length: 1000 }, () => ({ answer: 'busy' as const }));
    const rig = await idle({ deregisterRunner: busy });
    await rig.send({ type: 'host.drained' });
    await rig.clock.pass(HOUR);
    expect(rig.released).toEqual([]);
    expect(rig.counts.deleteVm).toBeUndefined();
    expect(rig.context.phase.lastFailure?.code).toBe('RUNNER_BUSY');
    // After each refusal the guest is asked before the next removal.
    expect(Math.abs((rig.counts.askGuest ?? 0) - (rig.counts.deregisterRunner ?? 0))).toBeLessThanOrEqual(1);
  });

  test('a job whose guest is silent is released when its runner is offline, and its VM is kept', async () => {
    const offline = { ...QUEUED, runner: 'offline' } as const;
    const rig = await idle({ askGuest: SILENT, askGitHub: [offline, ...Array(1000).fill(offline)] });
    await rig.send({ type: 'host.lost' });
    await rig.clock.pass(2 * MINUTE);
    expect(rig.released).toMatchObject([{ attemptsFailed: 0, lastFailure: { code: 'HOST_LOST' } }]);
    await rig.clock.pass(HOUR);
    expect(rig.released).toHaveLength(1);
    expect([rig.snapshot.hasTag('mayBeBusy'), rig.snapshot.hasTag('holdsSlot')]).toEqual([true, true]);
    expect(rig.context.vm).toMatchObject({ name: VM.name, madeFor: { jobId: JOB.id, attempt: 1 } });
  });

  test('a job whose guest is silent is not released while GitHub has its runner online', async () => {
    const online = { ...QUEUED, runner: 'online' } as const;
    const rig = await idle({ askGuest: SILENT, askGitHub: Array(1000).fill(online) });
    await rig.send({ type: 'host.lost' });
    await rig.clock.pass(HOUR);
    expect(rig.released).toEqual([]);
    expect(rig.counts.askGitHub).toBeGreaterThan(3);
  });

  test('a job is released while its guest works for another one, when GitHub has had it queued for a minute', async () => {
    const rig = await idle({ watchRunner: [{ ended: 'tookJob', failure: null }, HANGS, HANGS] });
    await rig.send({ type: 'job.stillQueued' });
    await rig.clock.pass(MINUTE - 1);
    await rig.send({ type: 'job.stillQueued' });
    expect(rig.released).toEqual([]);
    await rig.clock.pass(1);
    await rig.send({ type: 'job.stillQueued' });
    expect(rig.released).toMatchObject([
      { attemptsFailed: 0, lastFailure: null, notBefore: rig.clock.now() },
    ]);
    // Law 5: the other job is not disturbed.
    expect([rig.at, rig.context.job.id]).toEqual(['running.busy.watching', NO_JOB]);
  });

  test('a job that was seen in progress is never released, whatever comes after that', async () => {
    const rig = await idle({ ...STUCK, watchRunner: [HANGS, HANGS, HANGS], askGuest: SILENT });
    await rig.send({ type: 'job.started' }, { type: 'job.stillQueued' });
    await rig.clock.pass(2 * MINUTE);
    await rig.send({ type: 'job.stillQueued' }, { type: 'host.lost' }, { type: 'vm.vanished' });
    expect(rig.at).toBe('tearingDown vm.acting runner.acting job.gone');
    expect([rig.released, rig.counts.recheckJob]).toEqual([[], undefined]);
    expect(rig.context.job.id).toBe(JOB.id);
  });

  test('the release of a job changes no other part of its teardown', async () => {
    const rig = await idle({ recheckJob: [HANGS], removeRunner: [{ fails: 'GITHUB_ERROR' }] });
    await rig.send({ type: 'vm.vanished' });
    expect(rig.at).toBe('tearingDown vm.gone runner.waiting job.acting');
    await rig.send({ type: 'job.released' });
    expect(rig.at).toBe('tearingDown vm.gone runner.waiting job.gone');
    expect(rig.counts).toMatchObject({ deleteVm: 1, removeRunner: 1 });
  });

  test('a VM whose job was released takes the job that its runner got after all', async () => {
    const rig = await idle({
      askGuest: [{ answer: 'notWorking' }, { answer: 'working' }],
      watchRunner: [HANGS, HANGS],
    });
    await rig.send({ type: 'host.drained' });
    await rig.clock.pass(DEFAULT_POLICY.timeouts.retireWindow);
    expect([rig.at, rig.context.job.id]).toEqual(['running.busy.watching', NO_JOB]);
    const [job = JOB] = rig.released;
    await rig.send({ type: 'job.exchanged', job: { ...job, status: 'in_progress' }, here: true });
    expect(rig.context.job.id).toBe(JOB.id);
    expect(await rig.finish()).toBe('done');
    expect(rig.snapshot.output).toEqual({ outcome: 'succeeded', blame: null, cause: null, attempts: 2 });
  });
});
