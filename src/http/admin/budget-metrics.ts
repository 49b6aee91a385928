import { Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../clock.ts';
import type { GitHub } from '../../github/github.ts';

export interface BudgetMetricsOptions {
  github(): Pick<GitHub, 'budgets' | 'rateLimits'>;
  clock: Clock;
}

/** Registers GitHub's rate limits, and what they leave for each purpose. */
export function addBudgetMetrics(prefix: string, registry: Registry, options: BudgetMetricsOptions): void {
  const { github, clock } = options;
  const addGauge = <L extends string>(
    name: string,
    help: string,
    label: L,
    read: (gauge: Gauge<L>) => void,
  ) =>
    new Gauge({
      name: `${prefix}${name}`,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset();
        read(this);
      },
    });
  addGauge(
    'github_rate_limit_remaining',
    "What is left of GitHub's rate limit for this hour.",
    'resource',
    (gauge) => {
      for (const { resource, remaining } of github().rateLimits()) gauge.set({ resource }, remaining);
    },
  );
  addGauge('github_rate_limit', "GitHub's rate limit for an hour.", 'resource', (gauge) => {
    for (const { resource, limit } of github().rateLimits()) gauge.set({ resource }, limit);
  });
  addGauge('github_calls_left', 'Calls that are left before this work has to pause.', 'purpose', (gauge) => {
    for (const { purpose, left } of github().budgets(clock.now()))
      if (left !== null) gauge.set({ purpose }, left);
  });
  addGauge('github_paused_seconds', 'Seconds until this work goes on after a pause.', 'purpose', (gauge) => {
    for (const { purpose, pausedUntil } of github().budgets(clock.now()))
      gauge.set({ purpose }, pausedUntil === null ? 0 : (pausedUntil - clock.now()) / 1000);
  });
}
