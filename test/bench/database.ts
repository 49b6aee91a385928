import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { writeBenchConfig } from './bench-config.ts';
import { type MakeDatabase, onServer } from './bench-server.ts';
import { startChild } from './child.ts';
import { dispatchTimes } from './dispatch-times.ts';
import { fillStore } from './fill-store.ts';
import { loadInTurn, ratesOf, ratioOfRates } from './load-in-turn.ts';
import { type BenchOptions, type Measure, percentile, type RowResult, spread } from './measure.ts';

/** What PostgreSQL costs in place of LevelDB: both on this machine, in one run, with commits that are synced. */
export function database({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  return onServer(async (makeDatabase) => {
    const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
    try {
      return {
        measures: [
          ...(await dispatched(makeDatabase, quick)),
          await takenIn(makeDatabase, join(folder, 'intake'), quick),
          await restarted(makeDatabase, join(folder, 'restart'), quick),
          await stoodBy(makeDatabase, join(folder, 'standby'), quick),
        ],
        skipped: [],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function dispatched(makeDatabase: MakeDatabase, quick: boolean): Promise<Measure[]> {
  const samples = quick ? 5 : 60;
  const url = (await makeDatabase()).url();
  const level = await dispatchTimes({ live: 0, samples });
  const postgres = await dispatchTimes({ live: 0, samples, url });
  return [
    {
      name: 'webhook → POST /vms, PostgreSQL to LevelDB, p50',
      value: percentile(postgres, 0.5) / percentile(level, 0.5),
      unit: '×',
      limit: null,
      beside: `PostgreSQL: ${spread(postgres)}; LevelDB: ${spread(level)}`,
    },
    {
      name: 'the same, p99',
      value: percentile(postgres, 0.99) / percentile(level, 0.99),
      unit: '×',
      limit: null,
      beside: `${samples} deliveries each, one after the other`,
    },
  ];
}

/** The active controller and a daemon on LevelDB, loaded in turn. */
async function takenIn(makeDatabase: MakeDatabase, folder: string, quick: boolean): Promise<Measure> {
  const url = (await makeDatabase()).url();
  const daemon = async (name: string, url?: string) => {
    await mkdir(join(folder, name), { recursive: true });
    const config = await writeBenchConfig(join(folder, name), [], { url });
    return { config, child: startChild('bench-daemon.ts', [config.path, 'still']), rounds: [] };
  };
  const [level, postgres] = [await daemon('level'), await daemon('postgres', url)];
  await using _level = level.child;
  await using _postgres = postgres.child;
  const servers = [];
  for (const { config, child, rounds } of [level, postgres]) {
    await child.ask('start');
    servers.push({ url: config.webhookUrl, rounds });
  }
  await loadInTurn(servers, quick);
  const [ours, peer] = [servers[1] ?? { url: '', rounds: [] }, servers[0] ?? { url: '', rounds: [] }];
  return {
    name: 'durable webhooks a second, PostgreSQL to LevelDB',
    value: ratioOfRates(ours, peer),
    unit: '×',
    limit: null,
    beside: `${ratesOf(ours)} to ${ratesOf(peer)}`,
  };
}

/** Fills a store with running jobs and starts a daemon on it. */
async function startOver(folder: string, live: number, url?: string) {
  await mkdir(folder, { recursive: true });
  const config = await writeBenchConfig(folder, [], { url });
  if (live > 0) await fillStore(config.store, live, systemClock);
  const child = startChild('bench-daemon.ts', [config.path, 'still'], ['--expose-gc']);
  const { listening } = await child.ask<{ listening: number }>('start');
  return { child, listening };
}

async function restarted(makeDatabase: MakeDatabase, folder: string, quick: boolean): Promise<Measure> {
  const live = quick ? 50 : 10_000;
  const times: number[] = [];
  for (const [name, url] of [['level'], ['postgres', (await makeDatabase()).url()]] as const) {
    const { child, listening } = await startOver(join(folder, name), live, url);
    times.push(listening);
    await child[Symbol.asyncDispose]();
  }
  const [level = Number.NaN, postgres = Number.NaN] = times;
  return {
    name: `restart over ${live.toLocaleString('en-GB')} jobs, PostgreSQL to LevelDB`,
    value: postgres / level,
    unit: '×',
    limit: null,
    beside: `all live after ${postgres.toFixed(0)} ms and ${level.toFixed(0)} ms`,
  };
}

/** The heap of a second daemon on a database. */
async function stoodBy(makeDatabase: MakeDatabase, folder: string, quick: boolean): Promise<Measure> {
  const live = quick ? 20 : 1_000;
  const url = (await makeDatabase()).url();
  const active = await startOver(join(folder, 'active'), live, url);
  await using _active = active.child;
  const standby = await startOver(join(folder, 'standby'), 0, url);
  await using _standby = standby.child;
  const [ofActive, ofStandby] = [
    await active.child.ask<NodeJS.MemoryUsage>('heap'),
    await standby.child.ask<NodeJS.MemoryUsage>('heap'),
  ];
  return {
    name: `heap of a standby, to that of the active controller with ${live.toLocaleString('en-GB')} jobs`,
    value: ofStandby.heapUsed / ofActive.heapUsed,
    unit: '×',
    limit: { most: 1 },
    beside: `standby: ${mb(ofStandby.heapUsed)} of heap and ${mb(ofStandby.rss)} in all; active: ${mb(ofActive.heapUsed)} and ${mb(ofActive.rss)}`,
  };
}

const mb = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
