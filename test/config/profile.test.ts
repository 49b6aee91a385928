import { expect, test } from 'vitest';
import { matchProfile } from '../../src/config/profile.ts';

test.each([
  [['Kotlin', 'MACOS'], 'kotlin'],
  [['kotlin'], 'kotlin'],
  // A KELVIN SIGN, and a dotted capital I of Turkish.
  [['\u212aotlin'], null],
  [['kotl\u0130n'], null],
])(
  'labels are compared without regard to the case of ASCII letters only, as at GitHub: %j is for %s',
  (runsOn, profile) => {
    expect(matchProfile(runsOn, { kotlin: {} }, ['macos'])).toBe(profile);
  },
);
