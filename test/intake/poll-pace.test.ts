import { expect, test } from 'vitest';
import { pollPace } from '../../src/intake/polling/poller.ts';

const paces = { interval: 10, recheckInterval: 60 };

test.each([
  ['poll', 'silent', 10],
  ['poll', 'trusted', 10],
  ['both', 'silent', 10],
  ['both', 'trusted', 60],
  ['both', 'repairing', 60],
  ['both', 'doubted', 10],
  ['webhook', 'silent', 60],
  ['webhook', 'trusted', 60],
  ['webhook', 'doubted', 10],
] as const)('in mode %s, with webhooks %s, GitHub is looked at every %d', (mode, webhooks, pace) => {
  expect(pollPace({ mode, ...paces }, webhooks)).toBe(pace);
});

test('the slow pace is never faster than the configured one', () => {
  expect(pollPace({ mode: 'both', interval: 90, recheckInterval: 60 }, 'trusted')).toBe(90);
});
