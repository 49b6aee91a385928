import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import { attentionOf } from '../../src/journal/attention/attention.js';
import { emptyOverview } from '../../src/journal/overview.js';
import { JOB, START } from '../machines/job-samples.ts';

const lastFailure = failure('GUEST_LOGIN_REFUSED', 'The guest refuses the login.');

/** The attention to live jobs, and to a part of the work that the health reports. */
function itemsFor(jobs: Partial<Job>[], scope: { what: string; name: string } | null = null) {
  const overview = emptyOverview();
  for (const [n, job] of jobs.entries()) {
    overview.jobs.set(`job ${n}`, {
      ...{ key: `job ${n}`, jobId: n, attempt: 1, host: null, state: 'queued', enteredAt: START },
      ...{ at: START + n, event: 'x', context: { job: { ...JOB, ...job } } },
    });
  }
  const told = { sentence: '', since: null, whoActs: '', stops: false };
  const scopes = scope ? [{ ...told, ...scope }] : [];
  return attentionOf({ overview, now: START, scopes, isSilent: false, unreadable: {}, runners: [] });
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
  const [item, ...more] = itemsFor([failing, failing, { ...failing, profile: 'other' }]);
  expect(item?.sentence).toMatch(/^2 of them had 3 or more failed attempts\. /);
  expect(more.map(({ what }) => what)).toEqual(['Jobs of other']);
});

test('what a breaker of the profile holds back is told by the breaker alone', () => {
  const failing = [{ attemptsFailed: 3, lastFailure }];
  for (const scope of [
    { what: 'profile', name: JOB.profile },
    { what: 'pair', name: `${JOB.profile} on mini-1` },
  ])
    expect(itemsFor(failing, scope)).toHaveLength(1);
  expect(itemsFor(failing, { what: 'profile', name: 'other' })).toHaveLength(2);
});
