import type { Blame } from '../../../machines/failure.ts';
import type { JobOutcome } from '../../../machines/job/job-end.ts';
import { percentile } from '../percentile.ts';
import type { Failures, Level, Minute, TrendFold } from './trend-fold.ts';

const MINUTE = 60_000;

/** The most at any moment, and the mean over the time in which a daemon watched. */
export interface TrendLevel {
  most: number;
  mean: number;
}

export interface TrendPoint {
  /** Epoch ms at which its time begins. */
  at: number;
  /** Null where no daemon watched; the same for `slots` and `capacity`. */
  queue: TrendLevel | null;
  slots: TrendLevel | null;
  /** Slots of hosts that take jobs. */
  capacity: TrendLevel | null;
  /** From queued to started, of the jobs that started in this time; milliseconds. */
  waits: { count: number; median: number; p95: number };
  ended: Partial<Record<JobOutcome, number>>;
  /** Failed attempts, and jobs that failed by themselves. */
  failures: Partial<Record<Blame, number>>;
}

/**
 * Points of `step` milliseconds, a whole number of minutes, the same for the whole time, and the causes of all
 * failures in it, the most frequent first.
 */
export function trendPoints(
  fold: Pick<TrendFold, 'minuteAt'>,
  { from, until, step }: { from: number; until: number; step: number },
): { whole: TrendPoint; points: TrendPoint[]; causes: Failures[] } {
  const all: Minute[] = [];
  const points: TrendPoint[] = [];
  const causes = new Map<string, Failures>();
  for (let at = from; at < until; at += step) {
    const minutes: Minute[] = [];
    for (let minute = at; minute < at + step; minute += MINUTE) {
      const seen = fold.minuteAt(minute);
      if (seen) minutes.push(seen);
    }
    points.push(pointOf(at, minutes));
    for (const minute of minutes) all.push(minute);
  }
  for (const { failures } of all) {
    for (const [key, one] of failures)
      causes.set(key, { ...one, count: one.count + (causes.get(key)?.count ?? 0) });
  }
  return {
    whole: pointOf(from, all),
    points,
    causes: [...causes.values()].sort((a, b) => b.count - a.count),
  };
}

const LEVELS = ['queue', 'slots', 'capacity'] as const;

/** In one pass: a week has ten thousand minutes. */
function pointOf(at: number, minutes: readonly Minute[]): TrendPoint {
  const level = () => ({ sum: 0, most: 0 });
  const levels = { queue: level(), slots: level(), capacity: level() };
  const waits: number[] = [];
  const ended: TrendPoint['ended'] = {};
  const failures: TrendPoint['failures'] = {};
  let watched = 0;
  for (const minute of minutes) {
    watched += minute.watched;
    for (const name of LEVELS) {
      levels[name].sum += minute[name].sum;
      levels[name].most = Math.max(levels[name].most, minute[name].most);
    }
    for (const wait of minute.waits) waits.push(wait);
    for (const outcome in minute.ended) {
      const key = outcome as JobOutcome;
      ended[key] = (ended[key] ?? 0) + (minute.ended[key] ?? 0);
    }
    for (const { blame, count } of minute.failures.values()) failures[blame] = (failures[blame] ?? 0) + count;
  }
  waits.sort((a, b) => a - b);
  const told = ({ sum, most }: Level) => (watched === 0 ? null : { most, mean: sum / watched });
  return {
    at,
    queue: told(levels.queue),
    slots: told(levels.slots),
    capacity: told(levels.capacity),
    waits: { count: waits.length, median: percentile(waits, 0.5), p95: percentile(waits, 0.95) },
    ended,
    failures,
  };
}
