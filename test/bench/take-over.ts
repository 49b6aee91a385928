import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleepFor, systemClock } from '../../src/clock.ts';
import { LEASE } from '../../src/store/postgres/lease.ts';
import type { PostgresPlace } from '../postgres/postgres-place.ts';
import { type BenchConfig, writeBenchConfig } from './bench-config.ts';
import { onServer } from './bench-server.ts';
import { startChild } from './child.ts';
import { fillStore } from './fill-store.ts';
import { type BenchOptions, type Measure, percentile, type RowResult } from './measure.ts';
import { renewalDelays } from './renewal-delays.ts';

/** Milliseconds between two looks whether the other one is active. */
const LOOK_EVERY = 5;
/** Milliseconds until a take-over that does not come is an error. */
const PATIENCE = 60_000;

/** How long nobody is active after the active controller died or was stopped, and how late a lease is renewed. */
export function takeOver({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const [live, rounds] = quick ? [5, 1] : [100, 10];
  return onServer(async (makeDatabase) => {
    const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
    try {
      const times = await endInTurn(await makeDatabase(), folder, live, rounds);
      const delays = await renewalDelays(await makeDatabase(), join(folder, 'renewals'), quick);
      return {
        measures: [
          measureOf(times.SIGKILL, 'take-over after kill -9, p99, to the lease', 1.25),
          measureOf(times.SIGTERM, 'hand-over after SIGTERM, p99, to the lease', 0.125),
          {
            name: 'longest delay of a renewal of the lease under a flood of webhooks, to the lease',
            // A renewal that comes early counts as one without delay.
            value: Math.max(0, ...delays) / LEASE,
            unit: '×',
            limit: { most: 1 / 3 },
            beside: `p50 ${seconds(Math.max(0, percentile(delays, 0.5)))}, longest ${seconds(Math.max(0, ...delays))} in ${delays.length} renewals`,
          },
        ],
        skipped: [],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

type Signal = 'SIGKILL' | 'SIGTERM';

function measureOf(times: readonly number[], name: string, most: number): Measure {
  const beside = `p50 ${seconds(percentile(times, 0.5))}, p99 ${seconds(percentile(times, 0.99))}, ${times.length} times; lease ${seconds(LEASE)}`;
  return { name, value: percentile(times, 0.99) / LEASE, unit: '×', limit: { most }, beside };
}

/**
 * Ends the active one of two controllers with each signal in turn; the next round begins when it stands by again. Returns
 * the milliseconds until the other one was active.
 */
async function endInTurn(
  place: PostgresPlace,
  folder: string,
  live: number,
  rounds: number,
): Promise<Record<Signal, number[]>> {
  const times: Record<Signal, number[]> = { SIGKILL: [], SIGTERM: [] };
  const configIn = async (name: string) => {
    await mkdir(join(folder, name));
    return writeBenchConfig(join(folder, name), [], { url: place.url() });
  };
  const [first, second] = [await configIn('first'), await configIn('second')];
  await fillStore(first.store, live, systemClock);
  const start = async (config: BenchConfig) => {
    const child = startChild('bench-daemon.ts', [config.path, 'still']);
    await child.ask('start');
    return { config, child };
  };
  let [active, standby] = [await start(first), await start(second)];
  try {
    for (let round = 0; round < 2 * rounds; round += 1) {
      // On a machine that was busy for too long the lease may have gone to the other one.
      if ((await roleOf(standby.config)) === 'active') [active, standby] = [standby, active];
      const signal = round % 2 === 0 ? 'SIGKILL' : 'SIGTERM';
      const from = performance.now();
      active.child.kill(signal);
      while ((await roleOf(standby.config)) !== 'active') {
        if (performance.now() - from > PATIENCE) throw new Error(`nobody took over after ${signal}`);
        await sleepFor(systemClock, LOOK_EVERY);
      }
      times[signal].push(performance.now() - from);
      await active.child[Symbol.asyncDispose]();
      [active, standby] = [standby, await start(active.config)];
    }
    return times;
  } finally {
    for (const { child } of [active, standby]) await child[Symbol.asyncDispose]();
  }
}

async function roleOf({ adminUrl }: BenchConfig): Promise<unknown> {
  const response = await fetch(`${adminUrl}/healthz`);
  return ((await response.json()) as { role?: string }).role;
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
