import { expect, test } from 'vitest';
import { WebhookGaps } from '../../src/intake/webhooks/webhook-gaps.ts';
import { observation } from '../store/records.ts';

const START = 1_000_000;
const MINUTE = 60_000;
const job = (status: 'queued' | 'in_progress' | 'completed', queuedAt = START) => ({
  ...observation(7),
  status,
  queuedAt,
});

test('what is told within a minute of being seen is no gap, and what is not is one, once', () => {
  const gaps = new WebhookGaps(START);
  gaps.seen(job('queued'), START, START);
  gaps.seen({ ...job('queued'), jobId: 8 }, START, START);
  gaps.delivered(job('queued'), START + MINUTE - 1);
  expect(gaps.overdue(START + MINUTE - 1)).toEqual([]);
  expect(gaps.overdue(START + MINUTE)).toEqual(['no delivery said that job 8 is queued']);
  gaps.seen({ ...job('queued'), jobId: 8 }, START + MINUTE, START + MINUTE);
  expect(gaps.overdue(START + 9 * MINUTE)).toEqual([]);
});

test('an in_progress of a job whose queued never came is a gap; one that comes late is not', () => {
  const gaps = new WebhookGaps(START);
  gaps.delivered(job('in_progress'), START);
  gaps.delivered({ ...job('in_progress'), jobId: 8 }, START);
  gaps.delivered(job('queued'), START + 10);
  expect(gaps.overdue(START + MINUTE)).toEqual(['no delivery said that job 8 is queued']);
});

test('an end that only a look showed is a gap', () => {
  const gaps = new WebhookGaps(START);
  gaps.delivered(job('queued'), START);
  gaps.seen(job('completed'), START + 10, START + 10);
  expect(gaps.overdue(START + 10 + MINUTE)).toEqual(['no delivery said that job 7 is completed']);
});

test('what happened before the daemon began, and a job that waits for approval, is nobody’s gap', () => {
  const gaps = new WebhookGaps(START);
  gaps.seen(job('queued', START - 1), START, START);
  gaps.seen({ ...job('queued'), jobId: 9, status: 'waiting' }, START, START);
  expect(gaps.overdue(START + MINUTE)).toEqual([]);
});
