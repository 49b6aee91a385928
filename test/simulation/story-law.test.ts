import { describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { JOB, VM } from '../machines/job-samples.ts';
import { type JobTruth, untruths } from './story-law.ts';

const GONE = failure('VM_VANISHED', 'The VM disappeared.');
const job = (attempt: number, facts = {}) => ({ ...JOB, attempt, ...facts });

let seq = 0;
function entry(to: string, facts: Partial<StoredJournalEntry> = {}): StoredJournalEntry {
  seq += 1;
  const base = { seq, at: JOB.queuedAt + seq * 1_000, actor: '101', jobId: JOB.id, attempt: 1, host: null };
  return { ...base, event: 'slot.granted', from: 'queued', to, ...facts };
}

/** A job that is served by its first VM. */
function served(end: StoredJournalEntry['end'], conclusion = 'success'): StoredJournalEntry[] {
  const over = job(1, { status: 'completed', conclusion });
  return [
    entry('queued', { event: 'job.observed', from: '', changed: { job: job(0), vm: null } }),
    entry('creating.acting', { changed: { job: job(1), vm: VM } }),
    entry('running.busy.watching', { event: 'watchRunner done', from: 'creating.acting' }),
    entry('tearingDown.vm.acting', { event: 'job.completed', from: 'running', changed: { job: over } }),
    entry('done', { event: 'deleteVm done', from: 'tearingDown', ...(end && { end }) }),
  ];
}

const SUCCEEDED = { outcome: 'succeeded', blame: null, cause: null } as const;
const LOST = { outcome: 'lost', blame: 'host', cause: GONE } as const;

const truth = (facts: Partial<JobTruth> = {}): JobTruth => ({
  ...{ jobId: JOB.id, status: 'completed', conclusion: 'success', isAnswered: true },
  ...{
    hasRecord: true,
    isClockRight: true,
    isVmLost: false,
    isVmExpired: false,
    isWhole: true,
    wasRemoved: false,
  },
  work: [{ vmName: VM.name, runnerName: VM.name, jobId: JOB.id, how: 'ended' }],
  ...facts,
});

const cut = (how: 'powerCut' | 'expired' | 'died') =>
  truth({ conclusion: 'failure', work: [{ vmName: VM.name, runnerName: VM.name, jobId: JOB.id, how }] });

describe('law 10: the story of a job is true', () => {
  test('when it names the VM in which the job ran, and tells its end with whose fault it was', () => {
    expect(untruths(served(SUCCEEDED), truth())).toEqual([]);
    expect(untruths(served(LOST, 'failure'), cut('powerCut'))).toEqual([]);
  });

  test('and not when the end or the fault is another one', () => {
    const itself = { outcome: 'failed', blame: 'job', cause: null } as const;
    expect(untruths(served(itself, 'failure'), cut('powerCut'))).toEqual([
      'it ended failed (job), and in truth powerCut (failure): undefined',
    ]);
    expect(untruths(served(LOST, 'failure'), cut('died'))).toHaveLength(1);
    expect(untruths(served(LOST, 'failure'), { ...cut('died'), isVmLost: true })).toEqual([]);
    expect(untruths(served(LOST), truth())).toHaveLength(1);
    expect(untruths(served(LOST), truth({ isVmLost: true }))).toHaveLength(1);
    expect(untruths(served(LOST), truth({ isVmLost: true, isAnswered: false }))).toEqual([]);
    const givenUp = served({ outcome: 'notOurs', blame: 'operator', cause: null });
    expect(untruths(givenUp, truth())).toHaveLength(1);
    expect(untruths(givenUp, truth({ wasRemoved: true }))).toEqual([]);
    expect(untruths(givenUp, truth({ isAnswered: false }))).toEqual([]);
    expect(untruths(served(undefined), truth())).toEqual(['its end is not told']);
  });

  test('and not the fault of the host at the end of a lifetime, nor the end of a lifetime where the host was at fault', () => {
    const cause = failure('LIFETIME_EXCEEDED', 'The lifetime of the VM ended.');
    const expired = { outcome: 'lost', blame: 'job', cause } as const;
    expect(untruths(served(expired, 'failure'), cut('expired'))).toEqual([]);
    expect(untruths(served(LOST, 'failure'), cut('expired'))).toHaveLength(1);
    expect(untruths(served(LOST, 'failure'), { ...cut('expired'), isClockRight: false })).toEqual([]);
    expect(untruths(served(expired, 'failure'), cut('powerCut'))).toHaveLength(1);
    const stayed = { isVmExpired: true };
    expect(untruths(served(expired), truth(stayed))).toHaveLength(1);
    expect(untruths(served(expired), truth({ ...stayed, isAnswered: false }))).toEqual([]);
  });

  test('and knows phases that a clock was set back between from phases that overlap', () => {
    const entries = served(SUCCEEDED);
    const at = entries.findIndex(({ to }) => to.startsWith('running'));
    const setBack = entries.map((entry, n) => (n < at ? entry : { ...entry, at: entry.at - 86_400_000 }));
    expect(at).toBeGreaterThan(0);
    expect(untruths(setBack, truth())).toEqual([]);
  });

  test('and tells no end only where GitHub says nothing of its repository any more', () => {
    const untold = served({ outcome: 'unknown', blame: null, cause: null }, 'cancelled');
    const work = [{ vmName: VM.name, runnerName: VM.name, jobId: JOB.id, how: 'refused' } as const];
    expect(untruths(untold, truth({ conclusion: 'cancelled', work, isAnswered: false }))).toEqual([]);
    expect(untruths(untold, truth({ conclusion: 'cancelled', work }))).toHaveLength(1);
    const outlived = served({ outcome: 'lost', blame: 'job', cause: GONE }, 'cancelled');
    expect(untruths(outlived, truth({ conclusion: 'cancelled', work, isAnswered: false }))).toEqual([]);
    expect(untruths(outlived, truth({ conclusion: 'cancelled', work }))).toHaveLength(1);
  });

  test('and not when it names another VM', () => {
    const work = [
      { vmName: 'gh-default-202-1', runnerName: 'gh-default-202-2', jobId: JOB.id, how: 'ended' } as const,
    ];
    expect(untruths(served(SUCCEEDED), truth({ work }))).toEqual([
      `it names VM ${VM.name}, and ran in gh-default-202-1`,
    ]);
    expect(untruths(served(SUCCEEDED), truth({ work, hasRecord: false }))).toEqual([]);
    expect(untruths(served(SUCCEEDED), truth({ work, isAnswered: false }))).toEqual([]);
    const takenBy = { runner: 'gh-default-202-2', isOurs: true };
    const over = job(1, { status: 'completed', conclusion: 'success', takenBy });
    const named = served(SUCCEEDED).map((one) =>
      'changed' in one && one.to.startsWith('tearingDown') ? { ...one, changed: { job: over } } : one,
    );
    expect(untruths(named, truth({ work }))).toEqual([]);
  });

  test('and not when a phase never ends, or an attempt is left out', () => {
    const [first, second, ...rest] = served(SUCCEEDED) as [StoredJournalEntry, StoredJournalEntry];
    const other = { ...second, actor: '101.2', attempt: 1 };
    expect(
      untruths([first, { ...second, attempt: 3, changed: { job: job(3), vm: VM } }, ...rest], truth()),
    ).toContain('attempt 3 follows 1, 3');
    const left = entry('tearingDown.vm.acting', {
      actor: '101.2',
      attempt: 2,
      event: 'job.released',
      from: 'x',
    });
    expect(untruths([first, other, ...rest, left], truth())).toContain('its tearingDown never ends');
  });

  test('and not when an entry counts another attempt than the job', () => {
    const story = served(SUCCEEDED);
    const wrong = story.map((one) => (one.to === 'running.busy.watching' ? { ...one, attempt: 2 } : one));
    expect(untruths(wrong, truth())).toContain('it tells attempt 2 last, and the job is in attempt 1');
    // The entry in between may be lost.
    expect(untruths(wrong, truth({ isWhole: false }))).toEqual([]);
  });
});
