import { beforeEach, expect, test, vi } from 'vitest';

vi.stubGlobal('addEventListener', () => undefined);
const { stepper } = await import('../../src/page/sequence/stepper.js');

const STEPS = [1, 2, 3, 4].map((seq) => ({ seq, at: seq * 1_000 }));
let travels: number[];
let isLive: boolean;
beforeEach(() => {
  travels = [];
  isLive = false;
});

/** The page shows a moment (epoch ms), or the present for null. */
const shows = (moment: number | null, steps = STEPS): number =>
  stepper.show({
    jobId: 7,
    steps: steps as never,
    now: moment ?? 9_000,
    isPast: moment !== null,
    onTravel: (at: number) => travels.push(at),
    onLive: () => {
      isLive = true;
    },
  });

test('keys that come faster than the page are all followed, whichever moment it shows on the way', () => {
  shows(1_000);
  stepper.step(1);
  stepper.step(1);
  // The moment of the first key arrives after the second key.
  expect(shows(2_000)).toBe(2);
  stepper.step(1);
  expect([travels, shows(3_000), shows(4_000)]).toEqual([[2_000, 3_000, 4_000], 3, 3]);
  stepper.step(1);
  expect(isLive).toBe(true);
});

test('a moment that was chosen elsewhere ends the way to a step', () => {
  shows(1_000);
  stepper.step(1);
  stepper.step(1);
  expect(shows(4_500)).toBe(3);
  expect(shows(2_000)).toBe(1);
});

test('a page that follows the present shows its last step', () => {
  expect(shows(null)).toBe(3);
  stepper.step(-1);
  expect([travels, shows(null), shows(3_000)]).toEqual([[3_000], 2, 2]);
  expect(shows(null, [...STEPS, { seq: 5, at: 5_000 }])).toBe(4);
});
