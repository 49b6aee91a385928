import { expect, test } from 'vitest';
import { GitHubClock } from '../../src/github/access/github-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { githubRig } from './github-rig.ts';

const HOUR = 3_600_000;

/** A GitHub whose clock is ahead of ours by `aheadBy` milliseconds; each response takes 400 ms. */
function asking(aheadBy: number) {
  const clock = new ManualClock();
  const github = new GitHubClock(clock);
  const ask = () => {
    const sentAt = clock.now();
    clock.advance(200);
    const date = new Date(clock.now() + aheadBy).toUTCString();
    clock.advance(200);
    github.note(date, sentAt);
  };
  return { clock, github, ask };
}

test('GitHub’s clock is taken to be ours before its first response, and when its date cannot be read', () => {
  const { clock, github } = asking(HOUR);
  expect(github.now()).toBe(clock.now());
  github.note(undefined, clock.now());
  github.note('soon', clock.now());
  expect(github.now()).toBe(clock.now());
});

test.each([-26 * HOUR, -600_000, 600_000, 2 * HOUR])(
  'GitHub’s clock is known to the second when ours is %d ms off',
  (by) => {
    const { clock, github, ask } = asking(by);
    for (let answers = 0; answers < 20; answers += 1) {
      ask();
      expect(Math.abs(github.now() - clock.now() - by)).toBeLessThan(1_500);
      clock.advance(777);
    }
  },
);

test('two right clocks are taken to be the same, although a Date header has whole seconds and arrives late', () => {
  const { clock, github, ask } = asking(0);
  for (let answers = 0; answers < 20; answers += 1) {
    ask();
    expect(github.now()).toBe(clock.now());
    clock.advance(777);
  }
});

test('GitHub’s clock stays known when ours is set right later', () => {
  const { clock, github, ask } = asking(2 * HOUR);
  ask();
  github.note(new Date(clock.now()).toUTCString(), clock.now());
  expect(github.now()).toBe(clock.now());
});

test('GitHub’s clock is read from every response', async () => {
  const clock = new ManualClock(Date.now() - 2 * HOUR);
  await using rig = await githubRig({}, { clock });
  await rig.github.listActiveRuns('octo', 'app', 'queued');
  expect(Math.abs(rig.github.now() - Date.now())).toBeLessThan(2_000);
});
