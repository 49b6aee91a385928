import { expect, test } from 'vitest';
import { decideRollout, LONG } from '../../src/images/decide-rollout.ts';

const MINUTE = 60_000;
const decide = (trial: [served: number, failed: number], old: [number, number], lasts = MINUTE) =>
  decideRollout(
    { served: trial[0], failed: trial[1], lastFailure: 'The login was refused.' },
    { served: old[0], failed: old[1] },
    lasts,
  );

test.each<[string, Parameters<typeof decide>, string]>([
  [
    'nothing has happened yet',
    [
      [0, 0],
      [20, 0],
    ],
    'trying',
  ],
  [
    'one failure may be chance',
    [
      [0, 1],
      [100, 0],
    ],
    'trying',
  ],
  [
    'two of two failed, and the old image never does',
    [
      [0, 2],
      [20, 0],
    ],
    'back',
  ],
  [
    'two of two failed, and little is known of the old image',
    [
      [0, 2],
      [0, 0],
    ],
    'trying',
  ],
  [
    'three of three failed, and little is known of the old image',
    [
      [0, 3],
      [0, 0],
    ],
    'back',
  ],
  [
    'all fail, as those of the old image do',
    [
      [0, 3],
      [0, 20],
    ],
    'trying',
  ],
  [
    'five worked',
    [
      [5, 0],
      [20, 0],
    ],
    'spread',
  ],
  [
    'five worked and one failed: more are tried',
    [
      [5, 1],
      [60, 0],
    ],
    'trying',
  ],
  [
    'many worked and one failed',
    [
      [14, 1],
      [60, 2],
    ],
    'spread',
  ],
  [
    'half of them fail',
    [
      [4, 4],
      [60, 2],
    ],
    'back',
  ],
  [
    'half of them fail, and so do half of the old image',
    [
      [5, 5],
      [10, 10],
    ],
    'spread',
  ],
  ['one worked in a day', [[1, 0], [20, 0], LONG], 'spread'],
  ['one worked in less than a day', [[1, 0], [20, 0], LONG - 1], 'trying'],
  ['none was made in a day', [[0, 0], [20, 0], LONG], 'trying'],
  [
    'it fails now and then, and that is not enough to go back, for long',
    [
      [27, 3],
      [190, 6],
    ],
    'spread',
  ],
  [
    'it fails now and then, and more often than the old one',
    [
      [24, 6],
      [194, 6],
    ],
    'back',
  ],
])('%s', (_what, given, verdict) => expect(decide(...given).verdict).toBe(verdict));

test('an image that always fails goes back after three VMs, whatever was counted of the old one', () => {
  for (let served = 0; served <= 200; served += 1)
    expect([served, decide([0, 3], [served, 0]).verdict]).toEqual([served, 'back']);
});

test('there is a verdict after thirty VMs, whatever they showed', () => {
  for (let failed = 0; failed <= 30; failed += 1) {
    for (const old of [
      [0, 0],
      [10, 10],
      [200, 0],
      [190, 10],
    ] as const)
      expect(decide([30 - failed, failed], [...old]).verdict).not.toBe('trying');
  }
});

test('the reason says what was counted of both images, and the last failure', () => {
  expect(decide([0, 2], [20, 1]).why).toContain('0 VMs of it worked and 2 failed');
  expect(decide([0, 3], [40, 1]).why).toBe(
    '3 of 3 VMs of it failed, and 1 of 41 VMs of the old image failed. The last failure: The login was refused.',
  );
  expect(decide([5, 0], [0, 0]).why).toContain('no VM of the old image was counted');
});

test('an image that failed a little more often than the old one spreads, and the reason does not deny that', () => {
  expect(decide([27, 3], [190, 6])).toEqual({
    verdict: 'spread',
    why: '3 of 30 VMs of it failed, which is not clearly more than with the old image (6 of 196 VMs of the old image failed).',
  });
});
