import { expect, test } from 'vitest';
import { type Blame, failure } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { type AttemptSeen, breakerEvents } from '../../src/placement/breaker-events.ts';
import { contextAt, JOB, OTHER_JOB, VM } from '../machines/job-samples.ts';

const context = (more: Partial<JobContext> = {}) =>
  contextAt('creating.acting', { job: JOB, vm: VM, ...more });
const seen: AttemptSeen = {
  jobId: JOB.id,
  attemptsFailed: JOB.attemptsFailed,
  host: VM.host,
  profile: VM.profile,
  isTold: false,
};
const told = (before: AttemptSeen | null, now: JobContext, isOnline = false) =>
  breakerEvents(before, now, isOnline).events.map(({ about, event }) => `${about} ${event.type}`);
const failedFor = (blame: Blame) => ({
  job: { ...JOB, attemptsFailed: JOB.attemptsFailed + 1 },
  failure: { ...failure('PHASE_TIMED_OUT', 'late'), blame },
});

test('an attempt begins with its VM’s name and is served once its runner is online, each told once', () => {
  expect(told(null, context())).toEqual(['host attempt.began', 'profile attempt.began']);
  expect(told(seen, context())).toEqual([]);
  expect(told(seen, context(), true)).toEqual(['host attempt.served', 'profile attempt.served']);
  expect(told({ ...seen, isTold: true }, context(failedFor('host')), true)).toEqual([]);
});

test.each([
  ['host', ['host attempt.failed', 'profile attempt.ended']],
  ['image', ['host attempt.ended', 'profile attempt.failed']],
  ['github', ['host attempt.ended', 'profile attempt.ended']],
  ['operator', ['host attempt.ended', 'profile attempt.ended']],
  ['us', ['host attempt.ended', 'profile attempt.ended']],
  ['job', ['host attempt.ended', 'profile attempt.ended']],
] as const)('a failure that blames the %s counts against nothing else', (blame, events) => {
  expect(told(seen, context(failedFor(blame)))).toEqual(events);
});

test('failures that came with another job in an exchange are not this attempt’s', () => {
  const job = { ...OTHER_JOB, attemptsFailed: JOB.attemptsFailed + 2 };
  expect(told(seen, context({ job, failure: failure('VM_VANISHED', 'gone') }))).toEqual([]);
});

test('an attempt that ends without a verdict says so, so that the next may try', () => {
  expect(told(seen, context({ vm: null }))).toEqual(['host attempt.ended', 'profile attempt.ended']);
  expect(told({ ...seen, isTold: true }, context({ vm: null }))).toEqual([]);
});
