import { textTable } from '../../src/cli/terminal/terminal-text.ts';
import { type BenchResult, isMet, type Measure, ratioToLimit } from './measure.ts';

/** The whole run as text for a person. */
export function benchTable({ rows, machine, seconds }: BenchResult): string {
  const lines = rows.flatMap(({ row, measures }) =>
    measures.map((measure, index) => [index === 0 ? row : '', ...cellsOf(measure)]),
  );
  const skipped = rows.flatMap(({ row, skipped }) => skipped.map((why) => `skipped in ${row}: ${why}`));
  const missed = rows.flatMap(({ measures }) => measures.filter((measure) => !isMet(measure)));
  return [
    ...textTable([['row', 'figure', 'value', 'limit', 'of limit', '', 'beside'], ...lines]),
    ...skipped,
    `${missed.length === 0 ? 'every limit is kept' : `${missed.length} limits are missed`}; ` +
      `${seconds.toFixed(0)} s on ${machine.cpus} × ${machine.cpu}, Node ${machine.node}`,
  ].join('\n');
}

/** Name, value, limit, ratio, verdict and absolute figures. */
export function cellsOf(measure: Measure): string[] {
  const { name, value, unit, limit, beside } = measure;
  const ratio = ratioToLimit(measure);
  return [
    name,
    withUnit(value, unit),
    limit === null
      ? ''
      : 'most' in limit
        ? `≤ ${withUnit(limit.most, unit)}`
        : `≥ ${withUnit(limit.least, unit)}`,
    ratio === null ? '' : ratio.toFixed(2),
    limit === null ? '' : isMet(measure) ? 'kept' : 'MISSED',
    beside,
  ];
}

function withUnit(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toLocaleString('en-GB', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === '' ? text : `${text} ${unit}`;
}
