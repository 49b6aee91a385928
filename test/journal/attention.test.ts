import { expect, test } from 'vitest';
import type { BreakerView } from '../../machines/breaker.ts';
import { failure } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import { attentionOf } from '../../src/journal/attention/attention.js';
import { breakerKey, emptyOverview } from '../../src/journal/overview.js';
import { JOB, START } from '../machines/job-samples.ts';

const lastFailure = failure('GUEST_LOGIN_REFUSED', 'The guest refuses the login.');

const OPEN: Omit<BreakerView, 'about' | 'name'> = {
  ...{
    failures: 3,
    lastFailure,
    openedAt: START,
    retryAt: START + 30_000,
    retries: 0,
    trialUntil: 0,
    trialBy: null,
  },
  state: 'open',
};

type Broken = Pick<BreakerView, 'about' | 'name'>;

/** The attention to live jobs, with the breakers that are not closed. */
function itemsFor(jobs: Partial<Job>[], broken: Broken[] = []) {
  const overview = emptyOverview();
  for (const [n, job] of jobs.entries()) {
    overview.jobs.set(`job ${n}`, {
      ...{ key: `job ${n}`, jobId: n, attempt: 1, host: null, state: 'queued', enteredAt: START },
      ...{ at: START + n, event: 'x', context: { job: { ...JOB, ...job } } },
    });
  }
  for (const breaker of broken) overview.breakers.set(breakerKey(breaker), { ...OPEN, ...breaker });
  return attentionOf({ overview, now: START, scopes: [], isSilent: false, unreadable: {}, runners: [] });
}

test('a job whose attempts fail again and again needs a person, although no breaker is open yet', () => {
  expect(itemsFor([{ attemptsFailed: 2, lastFailure }])).toEqual([]);
  expect(itemsFor([{ attemptsFailed: 3, lastFailure }])).toMatchObject([
    {
      what: `Jobs of ${JOB.profile}`,
      sentence:
        '3 attempts of one of them failed. The last failure: GUEST_LOGIN_REFUSED: The guest refuses the login.',
      act: 'The maker of the image.',
      shows: { view: 'job', jobId: 0 },
    },
  ]);
});

test('jobs of one profile whose attempts fail are one item', () => {
  const failing = { attemptsFailed: 4, lastFailure };
  const items = itemsFor([failing, failing, { ...failing, profile: 'other' }]);
  expect(items.map(({ what, sentence }) => [what, sentence.slice(0, sentence.indexOf('.'))])).toEqual([
    ['Jobs of other', '4 attempts of one of them failed'],
    [`Jobs of ${JOB.profile}`, '2 of them had 3 or more failed attempts'],
  ]);
});

test('a breaker of the profile is shown alone', () => {
  const failing = [{ attemptsFailed: 3, lastFailure }];
  const own: Broken[] = [
    { about: 'profile', name: JOB.profile },
    { about: 'pair', name: `${JOB.profile} on mini-1` },
  ];
  for (const breaker of own) expect(itemsFor(failing, [breaker])).toEqual([]);
  const others: Broken[] = [
    { about: 'profile', name: 'other' },
    { about: 'host', name: JOB.profile },
    { about: 'pair', name: `${JOB.profile}-large on mini-1` },
  ];
  expect(itemsFor(failing, others)).toHaveLength(1);
});
