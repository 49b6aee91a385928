import { expect, test } from 'vitest';
import { benchTable } from './bench-table.ts';
import { type BenchResult, isMet, type Measure, percentile, ROWS, ratioToLimit } from './measure.ts';
import { runBench } from './run-bench.ts';

const machine = { node: 'v20', platform: 'linux', cpus: 2, cpu: 'a processor' };

test('every row of the bench runs and returns figures', { timeout: 600_000 }, async () => {
  const begun: string[] = [];
  const { rows } = await runBench({ rows: ROWS, quick: true, machine, onRow: (row) => begun.push(row) });
  expect(begun).toEqual(ROWS);
  for (const { row, measures, skipped } of rows) {
    expect(measures.length + skipped.length, row).toBeGreaterThan(0);
    // A figure may be a difference of two measurements, which a loaded machine can make negative.
    for (const { name, value } of measures) expect(value, `${row}: ${name}`).toSatisfy(Number.isFinite);
  }
});

const measure = (value: number, limit: Measure['limit']): Measure => ({
  ...{ name: 'a figure', unit: '×', beside: '12 ms', value, limit },
});

test('a figure is compared with its limit in the right direction', () => {
  expect([1.9, 2, 2.1].map((value) => isMet(measure(value, { most: 2 })))).toEqual([true, true, false]);
  expect([0.6, 0.7].map((value) => isMet(measure(value, { least: 0.7 })))).toEqual([false, true]);
  expect(isMet(measure(Number.NaN, { most: 2 }))).toBe(false);
  expect(isMet(measure(1_000, null))).toBe(true);
  expect(ratioToLimit(measure(1, { most: 2 }))).toBe(0.5);
});

test('a percentile is one of the samples', () => {
  const samples = Array.from({ length: 100 }, (_, n) => 100 - n);
  expect([0.5, 0.99, 1].map((share) => percentile(samples, share))).toEqual([50, 99, 100]);
});

test('the table names missed limits and skipped rows', () => {
  const result: BenchResult = {
    ...{ measuredAt: '2026-11-25T00:00:00Z', machine, seconds: 1 },
    rows: [
      {
        ...{ row: 'intake', seconds: 1, skipped: ['Probot: there is no registry'] },
        measures: [measure(0.5, { least: 0.7 })],
      },
    ],
  };
  expect(benchTable(result).split('\n')).toEqual([
    expect.stringMatching(/^row +figure +value +limit +of limit +beside$/),
    expect.stringMatching(/^intake +a figure +0.50 × +≥ 0.70 × +0.71 +MISSED +12 ms$/),
    'skipped in intake: Probot: there is no registry',
    '1 limits are missed; 1 s on 2 × a processor, Node v20',
  ]);
});
