import { dispatchTimes } from './dispatch-times.ts';
import { type BenchOptions, percentile, type RowResult, spread } from './measure.ts';

/**
 * From the write of the webhook's bytes to `POST /vms` at the agent, without other jobs and with 500 running
 * ones.
 */
export async function dispatch({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const [live, samples] = quick ? [20, 5] : [500, 60];
  const idle = await dispatchTimes({ live: 0, samples });
  const busy = await dispatchTimes({ live, samples });
  const p99 = (times: number[]) => percentile(times, 0.99);
  return {
    measures: [
      {
        name: `webhook → POST /vms, ${live} live jobs to none, p50`,
        value: percentile(busy, 0.5) / percentile(idle, 0.5),
        unit: '×',
        limit: { most: 1.5 },
        beside: `${live} live: ${spread(busy)}; idle: ${spread(idle)}`,
      },
      {
        name: `the same, p99`,
        value: p99(busy) / p99(idle),
        unit: '×',
        limit: { most: 2 },
        beside: `${samples} deliveries each, one after the other`,
      },
    ],
    skipped: [],
  };
}
