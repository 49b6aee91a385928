import { expect, test } from 'vitest';
import { chooseImage, wantedImages } from '../../src/images/choose-image.ts';
import type { Rollout } from '../../src/store/tables/hosts/rollouts.ts';

const version = (digest: string) => ({ reference: 'r', digest, runner: null, served: 0, failed: 0 });
const trial = (digest: string) => ({
  ...version(digest),
  host: 'one',
  since: 0,
  doubt: null,
  lastFailure: null,
});
const rollout: Rollout = {
  current: version('b'),
  previous: { reference: 'r', digest: 'a' },
  trial: trial('c'),
  refused: null,
  last: { what: 'first', why: '', at: 0, by: null },
};
const choose = (host: string, ready: string, given: Partial<Rollout> = {}, isTried = false) =>
  chooseImage({ ...rollout, ...given }, host, {
    isReady: ({ digest }) => ready.includes(digest),
    isTried,
  }).digest;

test.each<[string, string, string]>([
  ['on the host of the trial it is the tried image', choose('one', 'abc'), 'c'],
  ['while the tried image is not there, it is the current one', choose('one', 'ab'), 'b'],
  ['one VM at a time is of the tried image', choose('one', 'abc', {}, true), 'b'],
  [
    'after a failure of the tried image it is the old one, which shows whether the host is the cause',
    choose('one', 'abc', { trial: { ...trial('c'), doubt: { at: 0, why: '' } } }),
    'b',
  ],
  ['on another host it is never the tried image', choose('two', 'abc'), 'b'],
  ['the previous image is used until the current one is there', choose('two', 'ac'), 'a'],
  ['where neither is there, the current one has to come', choose('two', 'c'), 'b'],
  ['without a previous image the current one has to come', choose('two', 'ac', { previous: null }), 'b'],
])('%s', (_what, got, expected) => expect(got).toBe(expected));

test('a host should have the current image, and that of its own trial; the previous one comes last', () => {
  const roles = (host: string) => wantedImages(rollout, host).map(({ digest, role }) => `${digest} ${role}`);
  expect(roles('one')).toEqual(['b current', 'c trial', 'a previous']);
  expect(roles('two')).toEqual(['b current', 'a previous']);
});
