import { expect, test } from 'vitest';
import { quotedLabels, whyNoLabel } from '../../../src/placement/waiting/why-no-label.ts';

const OURS = ['jeballto-macos', 'jeballto-xcode26'];
const EVERY_RUNNERS = ['self-hosted', 'macos', 'arm64'];

test.each<[label: string, why: RegExp]>([
  [
    'jeballto-macos\n',
    /^"jeballto-macos\\n" has white space at its start or end: remove it in the workflow \("runs-on: >" adds a line break/,
  ],
  [' jeballto-macos', /^" jeballto-macos" has white space at its start or end: remove it in the workflow\.$/],
  [
    'self-hosted, jeballto-macos',
    /is one label with a comma in it: write runs-on: \[self-hosted, jeballto-macos\]/,
  ],
  ['jeballto\u2011macos', /^"jeballto\u2011macos" looks like "jeballto-macos", but has \{U\+2011\} in it\.$/],
  ['jeballtо-macos', /looks like "jeballto-macos", but has \{U\+043E\} in it/],
  ['jeballto-macos\u200b', /looks like "jeballto-macos", but has \{U\+200B\} in it/],
  ['jeballto-maco', /^"jeballto-maco" is not "jeballto-macos", but near it\.$/],
  ['jebalto-Xcode26', /is not "jeballto-xcode26", but near it/],
  ['self_hosted', /is not "self-hosted", but near it/],
])('the reason for a label that is nearly ours says what is wrong: %j', (label, why) => {
  const told = whyNoLabel(['macos', label], OURS, EVERY_RUNNERS);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(why);
});

test('there is no such reason for foreign labels, nor for ours in another case', () => {
  expect(whyNoLabel(['ubuntu-latest', 'gpu', 'Jeballto-MACOS'], OURS, EVERY_RUNNERS)).toEqual([]);
});

test('each label is in quotes, and invisible characters are shown', () => {
  expect(quotedLabels(['a, b', 'c\u001b[31m', 'd "e"'])).toBe('["a, b", "c{U+001B}[31m", "d \\"e\\""]');
});
