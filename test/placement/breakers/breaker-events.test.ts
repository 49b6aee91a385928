import { expect, test } from 'vitest';
import { type Blame, FAILURE_CODES, failure } from '../../../machines/failure.ts';
import type { JobContext } from '../../../machines/job/context.ts';
import {
  type AttemptSeen,
  blamedBreaker,
  breakerEvents,
} from '../../../src/placement/breakers/breaker-events.ts';
import { BreakerEvidence } from '../../../src/placement/breakers/breaker-evidence.ts';
import { contextAt, JOB, OTHER_JOB, RUNNER, VM } from '../../machines/job-samples.ts';

const context = (more: Partial<JobContext> = {}) =>
  contextAt('creating.acting', { job: JOB, vm: VM, ...more });
const seen: AttemptSeen = {
  jobId: JOB.id,
  host: VM.host,
  profile: VM.profile,
  scope: null,
  failure: null,
  isTold: false,
};
const told = (before: AttemptSeen | null, now: JobContext, isOnline = false) =>
  breakerEvents(before, now, isOnline).events.map(({ about, event }) => `${about} ${event.type}`);
const failedFor = (blame: Blame) => ({ failure: { ...failure('PHASE_TIMED_OUT', 'late'), blame } });
const all = (event: string) => ['pair', 'host', 'profile', 'github'].map((about) => `${about} ${event}`);

test('an attempt begins with its VM’s name and is served when its runner is online, each reported once', () => {
  expect(told(null, context())).toEqual(all('attempt.began'));
  expect(told(seen, context())).toEqual([]);
  expect(told(seen, context(), true)).toEqual(all('attempt.served'));
  expect(told({ ...seen, isTold: true }, context(failedFor('host')), true)).toEqual([]);
});

test('the attempt at a place of registration begins when the runner has a name', () => {
  expect(told(seen, context({ runner: RUNNER }))).toEqual(['registration attempt.began']);
  const registering = { ...seen, scope: 'octo/app' };
  expect(told(registering, context({ runner: RUNNER }), true)).toEqual([
    ...all('attempt.served'),
    'registration attempt.served',
  ]);
});

test.each([
  ['host', 'pair'],
  ['image', 'pair'],
  ['us', 'pair'],
  ['github', 'github'],
  ['operator', null],
  ['job', null],
] as const)('a failure that blames the %s counts only against the %s', (blame, about) => {
  const events = all('attempt.ended').map((event) =>
    event.startsWith(`${about} `) ? `${about} attempt.failed` : event,
  );
  expect(told(seen, context(failedFor(blame)))).toEqual(events);
});

test('a missing permission at GitHub counts against the place of registration', () => {
  const registering = { ...seen, scope: 'octo/app' };
  const forbidden = { runner: RUNNER, failure: failure('GITHUB_PERMISSION_MISSING', 'no') };
  expect(told(registering, context(forbidden))).toContain('registration attempt.failed');
});

test('every failure code counts against one breaker or none', () => {
  const spoken = Object.fromEntries(FAILURE_CODES.map((code) => [code, blamedBreaker(failure(code, ''))]));
  expect(spoken).toMatchSnapshot();
});

test('a failure that came with another job in an exchange does not count for this attempt', () => {
  const lost = { job: OTHER_JOB, failure: failure('VM_VANISHED', 'gone') };
  expect(told(seen, context(lost))).toEqual([]);
});

test('an attempt that ends without a result reports its end, so that the next one may be the trial', () => {
  expect(told(seen, context({ vm: null }))).toEqual(all('attempt.ended'));
  expect(told({ ...seen, isTold: true }, context({ vm: null }))).toEqual([]);
});

test('a host is to blame when two profiles fail there, a profile when it fails on two hosts', () => {
  const evidence = new BreakerEvidence();
  evidence.note('mini-1', 'mac', true);
  expect(evidence.speaksAgainstHost('mini-1')).toBe(false);
  expect(evidence.comparedWith('mini-1', 'mac')).toContain('it may be the fault of either');
  evidence.note('mini-1', 'large', true);
  expect(evidence.speaksAgainstHost('mini-1')).toBe(true);
  expect(evidence.speaksAgainstProfile('mac')).toBe(false);
  evidence.note('mini-2', 'mac', true);
  expect(evidence.speaksAgainstProfile('mac')).toBe(true);
  evidence.note('mini-1', 'mac', false);
  expect(evidence.speaksAgainstHost('mini-1')).toBe(false);
  expect(evidence.speaksAgainstProfile('mac')).toBe(false);
  expect(evidence.comparedWith('mini-2', 'mac')).toBe('mac works on mini-1');
});
