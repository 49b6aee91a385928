import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { writeBenchConfig } from './bench-config.ts';
import { startChild } from './child.ts';
import { fillStore } from './fill-store.ts';
import { finishJobs } from './finish-jobs.ts';
import type { BenchOptions, RowResult } from './measure.ts';

/** Bytes of a live job in memory and on disk, and bytes on disk after a hundred thousand finished jobs. */
export async function memory({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const [live, finished] = quick ? [50, 200] : [10_000, 100_000];
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
  try {
    const [none, many] = [
      await heapWith(join(folder, 'none'), 0),
      await heapWith(join(folder, 'many'), live),
    ];
    const stored = await sizeOf(join(folder, 'many', 'store'));
    const kept = await finishJobs(join(folder, 'finished'), finished);
    const onDisk = await sizeOf(join(folder, 'finished'));
    return {
      measures: [
        {
          name: 'heap of a live job',
          value: (many.heapUsed - none.heapUsed) / live,
          unit: 'bytes',
          limit: null,
          beside: `${live} jobs: ${mb(many.heapUsed)} of heap and ${mb(many.rss)} in all; none: ${mb(none.heapUsed)} and ${mb(none.rss)}`,
        },
        {
          name: 'store of a live job, its journal included',
          value: stored / live,
          unit: 'bytes',
          limit: null,
          beside: mb(stored),
        },
        {
          name: `store after ${finished.toLocaleString('en-GB')} finished jobs, to the rows that retention keeps`,
          value: onDisk / kept.bytes,
          unit: '×',
          limit: { most: 2 },
          beside: `${mb(onDisk)} on disk for ${mb(kept.bytes)} in ${kept.rows} rows of the ${kept.jobs} jobs of 30 days; 90 days had passed`,
        },
      ],
      skipped: [],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function heapWith(folder: string, live: number): Promise<NodeJS.MemoryUsage> {
  await mkdir(folder);
  const config = await writeBenchConfig(folder, []);
  if (live > 0) await fillStore(config.store, live, systemClock);
  await using daemon = startChild('bench-daemon.ts', [config.path, 'still'], ['--expose-gc']);
  await daemon.ask('start');
  return await daemon.ask('heap');
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const mb = (bytes: number) => `${(bytes / 1024 ** 2).toFixed(1)} MB`;
