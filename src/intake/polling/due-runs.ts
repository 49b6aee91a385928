/** A workflow run as a list shows it. */
export interface ListedRun {
  id: number;
  /** As GitHub writes it: an ISO date, to the second. */
  updatedAt: string;
}

/** When the jobs of a run were last read, and how the run looked then. */
export interface RunReading {
  updatedAt: string;
  /** Epoch ms on GitHub's clock. */
  readAt: number;
  /** Jobs of the run's latest attempt. */
  jobIds: readonly number[];
}

export interface Pace {
  /** Milliseconds after which the jobs of a run that seems unchanged are read again. */
  stale: number;
  /** Runs whose jobs are read in one cycle; the others follow in the next cycles. */
  most: number;
}

/**
 * A run that changed so shortly before its jobs were read may have changed again in the same second, or the
 * list of its jobs may have been out of date. Only a later read shows its final state. Reading it again
 * usually costs only a 304.
 */
const SETTLED_AFTER_MS = 60_000;

/**
 * Returns the runs whose jobs have to be read now: those never read first, then those that changed or may have, then
 * those read longest ago. A thousand queued runs are thus spread over several cycles instead of running into GitHub's
 * limit of 900 points a minute.
 */
export function dueRuns(
  runs: readonly ListedRun[],
  readings: ReadonlyMap<number, RunReading>,
  now: number,
  { stale, most }: Pace,
): number[] {
  const rank = ({ id, updatedAt }: ListedRun) => {
    const last = readings.get(id);
    if (!last) return 0;
    if (last.updatedAt !== updatedAt || last.readAt - Date.parse(updatedAt) < SETTLED_AFTER_MS) return 1;
    return now - last.readAt >= stale ? 2 : 3;
  };
  const readAt = (id: number) => readings.get(id)?.readAt ?? 0;
  return runs
    .map((run) => ({ id: run.id, rank: rank(run) }))
    .filter((run) => run.rank < 3)
    .sort((a, b) => a.rank - b.rank || readAt(a.id) - readAt(b.id))
    .slice(0, most)
    .map(({ id }) => id);
}
