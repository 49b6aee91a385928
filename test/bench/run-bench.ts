import { loadavg } from 'node:os';
import { agentCalls } from './agent-calls.ts';
import { bootingGuests } from './booting-guests.ts';
import { database } from './database.ts';
import { dispatch } from './dispatch.ts';
import { githubCalls } from './github-calls.ts';
import { intake } from './intake.ts';
import type { BenchOptions, BenchResult, RowName, RowResult } from './measure.ts';
import { memory } from './memory.ts';
import { overhead } from './overhead.ts';
import { restart } from './restart.ts';
import { simulation } from './simulation-speed.ts';
import { takeOver } from './take-over.ts';

const MEASURED: Record<RowName, (options: BenchOptions) => Promise<Omit<RowResult, 'row' | 'seconds'>>> = {
  overhead,
  dispatch,
  intake,
  restart,
  memory,
  database,
  takeOver,
  githubCalls,
  agentCalls,
  guests: bootingGuests,
  simulation,
};

export interface RunBenchOptions extends BenchOptions {
  rows: readonly RowName[];
  machine: BenchResult['machine'];
  /** Called at the start of each row. */
  onRow(row: RowName): void;
}

/** Measures one row after another, so that none affects another. */
export async function runBench({ rows, machine, onRow, quick }: RunBenchOptions): Promise<BenchResult> {
  const measuredAt = new Date().toISOString();
  const began = performance.now();
  const results: RowResult[] = [];
  for (const row of rows) {
    onRow(row);
    const [from, [load = 0]] = [performance.now(), loadavg()];
    const found = await MEASURED[row]({ quick });
    results.push({ row, ...found, seconds: (performance.now() - from) / 1000, load });
  }
  return { measuredAt, machine, seconds: (performance.now() - began) / 1000, rows: results };
}
