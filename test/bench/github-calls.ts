import type { BenchOptions, Measure, RowResult } from './measure.ts';
import { type VirtualSettings, virtualWorld } from './virtual-world.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const BOOT = { nat: 3_000, sshd: 15_000 };

/**
 * The requests to GitHub for a job and for an idle hour, on virtual time: the counts are the same on every
 * machine.
 */
export async function githubCalls({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const measures: Measure[] = [];
  const modes = quick ? (['webhook'] as const) : (['webhook', 'both', 'poll'] as const);
  for (const mode of modes) measures.push(await perJob(mode, quick ? 1 : 20));
  for (const repositories of quick ? [1] : [1, 5, 20]) measures.push(await idleHour('poll', repositories));
  if (!quick) measures.push(await idleHour('webhook', 1));
  return { measures, skipped: [] };
}

async function perJob(mode: VirtualSettings['mode'], count: number): Promise<Measure> {
  const world = await virtualWorld({ mode, macs: 2, repositories: 1, boot: BOOT });
  // The first job fills the caches, and makes webhooks trusted.
  await serve(world, 1);
  await world.pass(10 * MINUTE);
  world.calls();
  const began = world.now();
  await serve(world, count);
  const lasted = world.now() - began;
  const busy = world.calls().github;
  await world.pass(lasted);
  const idle = world.calls().github;
  await world.end();
  return {
    name: `GitHub calls for a job of five minutes, mode ${mode}`,
    value: (busy.requests - idle.requests) / count,
    unit: 'calls',
    limit: mode === 'webhook' ? { most: 8 } : null,
    beside: `${((busy.points - idle.points) / count).toFixed(1)} points; without the requests of an idle daemon in the same time`,
  };
}

async function serve(world: Awaited<ReturnType<typeof virtualWorld>>, count: number): Promise<void> {
  const jobs: ReturnType<typeof world.push>[] = [];
  for (let n = 0; n < count; n += 1) {
    jobs.push(world.push(5 * MINUTE));
    await world.pass(100_000);
  }
  await world.pass(() => jobs.every(({ state }) => state.status === 'completed') && world.vms() === 0);
}

async function idleHour(mode: VirtualSettings['mode'], repositories: number): Promise<Measure> {
  const world = await virtualWorld({ mode, macs: 1, repositories, boot: BOOT });
  await world.pass(10 * MINUTE);
  world.calls();
  await world.pass(HOUR);
  const { requests, points } = world.calls().github;
  await world.end();
  return {
    name: `points of an idle hour, mode ${mode}, ${repositories} ${repositories === 1 ? 'repository' : 'repositories'}`,
    value: points,
    unit: 'points',
    limit: { most: repositories },
    beside: `${requests} requests, nearly all answered with 304, which is free`,
  };
}
