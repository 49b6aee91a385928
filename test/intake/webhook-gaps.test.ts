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

test('a job that a poll saw is a gap when no delivery comes within a minute, and only once', () => {
  const gaps = new WebhookGaps(START);
  gaps.seen(job('queued'), START, START);
  gaps.seen({ ...job('queued'), jobId: 8 }, START, START);
  gaps.delivered(job('queued'), START + MINUTE - 1, START + MINUTE - 1);
  expect(gaps.overdue(START + MINUTE - 1)).toEqual([]);
  expect(gaps.overdue(START + MINUTE)).toEqual(['no delivery said that job 8 is queued']);
  gaps.seen({ ...job('queued'), jobId: 8 }, START + MINUTE, START + MINUTE);
  expect(gaps.overdue(START + 9 * MINUTE)).toEqual([]);
});

test('a missing queued delivery before an in_progress is a gap, a late one is not', () => {
  const gaps = new WebhookGaps(START);
  gaps.delivered(job('in_progress'), START, START);
  gaps.delivered({ ...job('in_progress'), jobId: 8 }, START, START);
  gaps.delivered(job('queued'), START + 10, START + 10);
  expect(gaps.overdue(START + MINUTE)).toEqual(['no delivery said that job 8 is queued']);
});

test('an end of a job that only a poll saw is a gap', () => {
  const gaps = new WebhookGaps(START);
  gaps.delivered(job('queued'), START, START);
  gaps.seen(job('completed'), START + 10, START + 10);
  expect(gaps.overdue(START + 10 + MINUTE)).toEqual(['no delivery said that job 7 is completed']);
});

test('what happened before the daemon started, and a job that waits for approval, is not a gap', () => {
  const gaps = new WebhookGaps(START);
  gaps.seen(job('queued', START - 1), START, START);
  gaps.seen({ ...job('queued'), jobId: 9, status: 'waiting' }, START, START);
  expect(gaps.overdue(START + MINUTE)).toEqual([]);
});

test('a job that was queued before the daemon started is no gap when the delivery of its end comes', () => {
  const gaps = new WebhookGaps(START);
  gaps.delivered(job('in_progress', START - 1), START, START);
  gaps.delivered(job('completed', START - 1), START, START);
  expect(gaps.overdue(START + MINUTE)).toEqual([]);
});
