import { expect, test } from 'vitest';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const REMOVED = /^DELETE .*runners/;
const LISTED = /^GET .*\/actions\/runs$/;
const JIT = /generate-jitconfig$/;

interface Sources {
  poller: {
    pausedUntil: number | null;
    cutShort: { what: string } | null;
    outages: unknown[];
    budgets: { purpose: string; left: number; pausedUntil: number | null }[];
  };
}

const poller = async ({ adminUrl }: Scenario) =>
  ((await (await fetch(`${adminUrl}/api/sources`)).json()) as Sources).poller;

test('teardown removes its runner while the budget pauses all other work, which goes on at the reset', async () => {
  await using world = await scenario({
    // The job is never assigned, so that we must remove the runner. The first window is never used up,
    // however slow the machine is.
    github: { rateLimit: 5000, timings: { assignment: [60_000, 60_000], rateWindow: 15_000 } },
    config: { controller: { poll_interval: '100ms', recheck_interval: '100ms' } },
  });
  const { limits, runners } = world.github.world;
  await world.start();
  const [job] = world.push();
  await world.until(() => [...runners.values()].some(({ state }) => state.status === 'online'));
  // Only teardown may go on below 250; far more is left than calls can be in flight at once.
  limits.setRemaining('user octocat', 200);
  world.push();
  await world.until(async () => (await poller(world)).cutShort !== null);

  const paused = await poller(world);
  const reset = limits.windowOf('user octocat')?.resetAt ?? 0;
  expect(paused.outages).toEqual([]);
  expect(paused.budgets.find(({ purpose }) => purpose === 'teardown')?.pausedUntil).toBeNull();
  expect(paused.pausedUntil).toBeGreaterThanOrEqual(reset);
  const lists = world.asked(LISTED);
  if (job) cancelRun(world.github.world, job.run);
  await world.until(() => world.asked(REMOVED) > 0 && world.runners().length === 0);
  expect(Date.now()).toBeLessThan(reset);
  expect([world.asked(LISTED), world.asked(JIT)]).toEqual([lists, 1]);
  const metrics = await fetch(`${world.adminUrl}/metrics`);
  expect(await metrics.text()).toMatch(/github_paused_seconds\{purpose="looking for work"\} \d/);

  await world.until(async () => (await poller(world)).pausedUntil === null);
  expect(Date.now()).toBeGreaterThanOrEqual(reset);
  await world.until(async () => (await poller(world)).cutShort === null);
  expect(world.asked(LISTED)).toBeGreaterThan(lists);
  await world.until(() => world.asked(JIT) === 2);
  expect(conclusions(job ? [job] : [])).toEqual(['cancelled']);
});
