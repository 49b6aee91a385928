import { describe, expect, test } from 'vitest';
import type { FailureCode } from '../../machines/failure.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { releasedJob, withFailedAttempt } from '../../machines/job/release.ts';
import { rigAt } from './job-places.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { because, contextAt, JOB, START } from './job-samples.ts';
import { COLUMNS } from './job-table.ts';

const SECOND = 1_000;

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
