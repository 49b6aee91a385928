import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { systemClock } from '../../src/clock.ts';
import { writeBenchConfig } from './bench-config.ts';
import { startChild } from './child.ts';
import { fillStore } from './fill-store.ts';
import { type BenchOptions, percentile, type RowResult, spread } from './measure.ts';

interface Cost {
  times: number[];
  /** Milliseconds for each transition. */
  cpu: number;
}

/** A restart over many stored jobs, and whether a transition costs more when others live. */
export async function restart({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
  const [many, some, count] = quick ? [50, 10, 30] : [10_000, 100, 1_500];
  try {
    const config = await writeBenchConfig(folder, []);
    const storePath = join(folder, 'store');
    await fillStore(config.store, many, systemClock);
    const [costOfMany, costOfSome, costOfNone] = [
      await costWith(storePath, count),
      await costIn(folder, some, count),
      await costIn(folder, 1, count),
    ];
    const bare = await readBare(storePath);
    await using daemon = startChild('bench-daemon.ts', [config.path, 'still']);
    const { listening } = await daemon.ask<{ listening: number }>('start');
    const firstLogin = await daemon.ask<number | null>('firstLogin');
    if (firstLogin === null) throw new Error('no effect reached a guest after the restart');
    const told = ({ times, cpu }: Cost) => `${spread(times)}, ${cpu.toFixed(2)} ms of CPU`;
    return {
      measures: [
        {
          name: `restart over ${many.toLocaleString('en-GB')} jobs, to reading and parsing their records alone`,
          value: listening / bare,
          unit: '×',
          limit: null,
          beside: `all live after ${listening.toFixed(0)} ms, the first effect in its guest after ${firstLogin.toFixed(0)} ms; bare reading ${bare.toFixed(0)} ms`,
        },
        {
          name: `CPU of a transition, ${many.toLocaleString('en-GB')} live jobs to one`,
          value: costOfMany.cpu / costOfNone.cpu,
          unit: '×',
          limit: { most: 1.5 },
          beside: `${many} live: ${told(costOfMany)}; ${some} live: ${told(costOfSome)}; one: ${told(costOfNone)}`,
        },
        {
          name: 'the same in time, p50, with its durable write',
          value: percentile(costOfMany.times, 0.5) / percentile(costOfNone.times, 0.5),
          unit: '×',
          limit: { most: 1.5 },
          beside: `${count} transitions each, one after the other`,
        },
      ],
      skipped: [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function costIn(folder: string, live: number, count: number): Promise<Cost> {
  const storePath = join(folder, `store-${live}`);
  await fillStore({ path: storePath }, live, systemClock);
  return costWith(storePath, count);
}

async function costWith(storePath: string, count: number): Promise<Cost> {
  const copy = `${storePath}-copy`;
  await cp(storePath, copy, { recursive: true });
  await using child = startChild('transition-child.ts');
  await child.ask('begin', { storePath: copy });
  await child.ask('cost', { count: Math.ceil(count / 3) });
  return await child.ask<Cost>('cost', { count });
}

/** Milliseconds to read all records of jobs from LevelDB and to parse them: no restart can be shorter. */
async function readBare(storePath: string): Promise<number> {
  const began = performance.now();
  const database = new Level<string, string>(storePath);
  for await (const [, text] of database.iterator({ gt: '!actors!', lt: '!actors"' })) JSON.parse(text);
  const ms = performance.now() - began;
  await database.close();
  return ms;
}
