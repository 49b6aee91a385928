import { describe, expect, test } from 'vitest';
import { type Blame, FAILURE_CODES, failure } from '../../../machines/failure.ts';
import { type JobContext, NO_JOB } from '../../../machines/job/context.ts';
import {
  type AttemptSeen,
  type AttemptStage,
  blamedBreaker,
  breakerEvents,
} from '../../../src/placement/breakers/breaker-events.ts';
import { BreakerEvidence } from '../../../src/placement/breakers/breaker-evidence.ts';
import { contextAt, JOB, OTHER_JOB, RUNNER, STAND_IN, VM } from '../../machines/job-samples.ts';

const context = (more: Partial<JobContext> = {}) =>
  contextAt('creating.acting', { job: JOB, vm: VM, ...more });
const SCOPE = 'octo/app';
const COMING: AttemptStage = { isUp: false, isLeaving: false, isDoubted: false };
const UP = { isUp: true };
const LEAVING = { isLeaving: true };
const seen: AttemptSeen = {
  jobId: JOB.id,
  host: VM.host,
  image: null,
  runnerVersion: null,
  profile: VM.profile,
  scope: SCOPE,
  isRegistering: false,
  failure: null,
  isTold: false,
  isDoubted: false,
  isLeaving: false,
};
/** A warm VM without a job. */
const warm: AttemptSeen = { ...seen, jobId: NO_JOB, scope: null };
const told = (
  before: AttemptSeen | null,
  now: JobContext,
  stage: Partial<AttemptStage> = {},
  scope: string | null = now.job.id === NO_JOB ? null : SCOPE,
) =>
  breakerEvents(before, now, { ...COMING, ...stage }, scope).events.map(
    ({ about, event }) => `${about} ${event.type}`,
  );
const failedFor = (blame: Blame) => ({ failure: { ...failure('PHASE_TIMED_OUT', 'late'), blame } });
const ofVm = (event: string) => ['pair', 'host', 'profile'].map((about) => `${about} ${event}`);
const ofGitHub = (event: string) => ['github', 'registration'].map((about) => `${about} ${event}`);
const all = (event: string) => [...ofVm(event), ...ofGitHub(event)];

test('an attempt begins with its VM’s name and is served when its runner is online, each reported once', () => {
  expect(told(null, context())).toEqual(all('attempt.began'));
  expect(told(seen, context())).toEqual([]);
  expect(told(seen, context(), UP)).toEqual(all('attempt.served'));
  expect(told({ ...seen, isTold: true }, context(failedFor('host')), UP)).toEqual([]);
});

test('the trial of a registration begins with the VM, long before its runner has a name', () => {
  const { events } = breakerEvents(null, context(), COMING, SCOPE);
  expect(events).toContainEqual({ about: 'registration', name: SCOPE, event: { type: 'attempt.began' } });
});

test('a registration that was held back since then is tried once its runner has a name', () => {
  expect(told(seen, context({ runner: RUNNER }))).toEqual(['registration attempt.began']);
  expect(told({ ...seen, isRegistering: true }, context({ runner: RUNNER }))).toEqual([]);
});

test('a job of another place takes the trial of its registration along', () => {
  expect(told(seen, context(), {}, 'octo/site')).toEqual([
    'registration attempt.ended',
    'registration attempt.began',
  ]);
});

describe('a warm VM', () => {
  const ready = context({ job: STAND_IN });

  test('says nothing about GitHub, which it does not need', () => {
    expect(told(null, ready)).toEqual(ofVm('attempt.began'));
    expect(told(warm, ready, UP)).toEqual(ofVm('attempt.served'));
    expect(told(warm, context({ job: STAND_IN, ...failedFor('github') }))).toEqual(ofVm('attempt.ended'));
  });

  test('that is ready begins another attempt when a job comes to it', () => {
    const { seen: given, events } = breakerEvents({ ...warm, isTold: true }, context(), COMING, SCOPE);
    expect(events.map(({ about, event }) => `${about} ${event.type}`)).toEqual(all('attempt.began'));
    const refused = { failure: failure('GITHUB_PERMISSION_MISSING', 'no') };
    expect(told(given, context(refused))).toContain('registration attempt.failed');
    expect(told(given, context(), UP)).toEqual(all('attempt.served'));
  });

  test('that boots goes on with its attempt when a job comes to it, or leaves it', () => {
    expect(told(warm, context())).toEqual(ofGitHub('attempt.began'));
    expect(told(seen, ready)).toEqual(ofGitHub('attempt.ended'));
  });
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
  const forbidden = { runner: RUNNER, failure: failure('GITHUB_PERMISSION_MISSING', 'no') };
  expect(told(seen, context(forbidden))).toContain('registration attempt.failed');
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

test('an attempt whose VM is to be removed reports its end at once, and once', () => {
  expect(told(seen, context(), LEAVING)).toEqual(all('attempt.ended'));
  expect(told({ ...seen, isLeaving: true }, context(), LEAVING)).toEqual([]);
  expect(told({ ...seen, isTold: true }, context(), LEAVING)).toEqual([]);
  // A job turned out to run in it.
  expect(told({ ...seen, isLeaving: true }, context(), UP)).toEqual(all('attempt.served'));
});

test('an attempt that is found while its VM is removed reports nothing', () => {
  const { seen: found, events } = breakerEvents(null, context(), { ...COMING, ...LEAVING }, SCOPE);
  expect([events, told(found, context(), LEAVING), told(found, context({ vm: null }))]).toEqual([[], [], []]);
});

test('a runner that is online while GitHub assigns nothing shows its end to GitHub, and no success', () => {
  const doubted = { ...UP, isDoubted: true };
  const { seen: online } = breakerEvents(seen, context(), { ...COMING, ...doubted }, SCOPE);
  expect(told(seen, context(), doubted)).toEqual([...ofVm('attempt.served'), 'registration attempt.served']);
  expect(told(online, context(), doubted)).toEqual([]);
  expect(told(online, context(), { ...LEAVING, isDoubted: true })).toEqual(['github attempt.ended']);
  expect(told(online, context({ vm: null }))).toEqual(['github attempt.ended']);
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
