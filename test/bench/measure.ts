/** The bench's rows, in the order in which they run. */
export const ROWS = [
  'overhead',
  'dispatch',
  'intake',
  'restart',
  'memory',
  'database',
  'takeOver',
  'githubCalls',
  'agentCalls',
  'guests',
  'simulation',
] as const;
export type RowName = (typeof ROWS)[number];

/** One figure: a count, or a ratio of two figures from the same run on the same machine. */
export interface Measure {
  name: string;
  value: number;
  /** The unit of the value: `%`, `×`, `ms`, `calls`, `bytes`. */
  unit: string;
  /** The limit that the project sets; null for a figure without one. */
  limit: { most: number } | { least: number } | null;
  /** The absolute figures behind it, which are valid for this machine only. */
  beside: string;
}

export interface RowResult {
  row: RowName;
  measures: Measure[];
  /** What could not be measured here, each with its reason. */
  skipped: string[];
  seconds: number;
  /** Load of the machine when the row began, which other programs made; missing in earlier results. */
  load?: number;
}

/** The result of a whole run; `docs/performance.json` is one. */
export interface BenchResult {
  /** ISO 8601. */
  measuredAt: string;
  machine: { node: string; platform: string; cpus: number; cpu: string };
  seconds: number;
  rows: RowResult[];
}

export interface BenchOptions {
  /** Uses small counts: this only shows that everything runs, and the figures mean nothing. */
  quick: boolean;
}

/** The value as a share of its limit; null without one. */
export function ratioToLimit({ value, limit }: Measure): number | null {
  if (limit === null) return null;
  return value / ('most' in limit ? limit.most : limit.least);
}

export function isMet(measure: Measure): boolean {
  const ratio = ratioToLimit(measure);
  return ratio === null || (measure.limit !== null && 'most' in measure.limit ? ratio <= 1 : ratio >= 1);
}

/** The sample below which a share of the samples lies; `share` in (0, 1]. NaN without samples. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export const mean = (samples: readonly number[]): number =>
  samples.reduce((sum, sample) => sum + sample, 0) / samples.length;

/** `p50 1.2 ms, p99 3.4 ms`. */
export const spread = (ms: readonly number[]): string =>
  `p50 ${percentile(ms, 0.5).toFixed(1)} ms, p99 ${percentile(ms, 0.99).toFixed(1)} ms`;
