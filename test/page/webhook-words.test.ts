import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { clock } from '../../src/format.js';
import { type Webhooks, webhookWords } from '../../src/page/sources/webhook-words.js';

const NOW = 10_000_000;
const words = (over: Partial<Webhooks>, mode = 'both') =>
  webhookWords(
    {
      ...{ state: 'silent', since: NOW - 60_000, hook: null, deliveredAt: null, gap: null, repairedUntil: 0 },
      ...{ redelivered: 0, failure: null, lookAt: NOW + 60_000, ...over },
    },
    mode,
    NOW,
  );

test('doubt is shown with its reason, its beginning, and the time of the next look', () => {
  const gap = { at: NOW - 30_000, why: 'no delivery said that job 5 is queued' };
  const { mood, verdict, why } = words({ state: 'doubted', gap });
  expect([mood, verdict]).toEqual(['warn', 'doubted']);
  expect(why).toContain(`since ${clock(NOW - 60_000)}: no delivery said that job 5 is queued`);
  expect(why).toContain(clock(NOW - 30_000));
  expect(why).toContain(clock(NOW + 60_000));
});

test('trust is shown with its beginning, and silence is not a problem, in mode poll not even expected', () => {
  expect(words({ state: 'trusted' })).toMatchObject({ mood: 'good', verdict: 'trusted' });
  expect(words({}).verdict).toBe('silent');
  expect(words({}, 'poll')).toMatchObject({ verdict: 'not used', why: 'The mode is poll.' });
});

test('the last delivery and the number of redeliveries are shown', () => {
  expect(words({}).last).toBe('No verified delivery yet.');
  expect(words({ deliveredAt: NOW - 5_000, redelivered: 1 }).last).toBe(
    'Last delivery 5 s ago. GitHub was asked to send 1 failed delivery again.',
  );
});

test('the reason why GitHub cannot be asked is shown in every state', () => {
  const refused = failure('GITHUB_PERMISSION_MISSING', 'The credentials need repository_hooks.');
  for (const state of ['trusted', 'doubted', 'repairing'])
    expect(words({ state, failure: refused }).trouble).toContain(
      'GITHUB_PERMISSION_MISSING: The credentials need repository_hooks.',
    );
  expect(words({}).trouble).toBe('');
});
