import { expect, test } from 'vitest';
import { controllersWords } from '../../src/page/frame/controllers-words.js';

const NOW = 1_790_000_000_000;
const one = (with_: object) => ({
  ...{
    id: 'a',
    name: 'mini-1, process 7',
    role: 'active' as const,
    epoch: 9,
    since: NOW - 60_000,
    seenAgo: 500,
    isGone: false,
  },
  ...{ version: '1', digest: 'abc', hosts: [], labels: [], adminUrl: '', refusal: null },
  ...with_,
});
const standby = one({ id: 'b', name: 'mini-2, process 8', role: 'standby', epoch: null });

test('the strip says who is active since when, and who stands by', () => {
  const words = controllersWords([one({}), standby], NOW);
  expect(words).toMatchObject({
    mood: 'good',
    standbys: 'mini-2, process 8 stands by',
    gone: '',
    refusals: [],
  });
  expect(words.active).toMatch(/^mini-1, process 7 is active since \d\d:\d\d:\d\d, for 1 min/);
});

test('the strip warns when nobody could take over, and when nobody is active', () => {
  const gone = { ...standby, isGone: true };
  expect(controllersWords([one({}), gone], NOW)).toMatchObject({
    mood: 'warn',
    standbys: 'no other one stands by',
    gone: '1 controller is gone',
  });
  expect(controllersWords([standby], NOW)).toMatchObject({ mood: 'warn', active: 'No controller is active' });
});

test('the strip says why one must not take over', () => {
  const refusing = { ...standby, refusal: 'Its config has no host "a".' };
  expect(controllersWords([one({}), refusing], NOW).refusals).toEqual([
    'mini-2, process 8 does not take over. Its config has no host "a".',
  ]);
});
