import { Counter, Histogram, type Registry } from 'prom-client';
import { onCallEnd } from '../../call-trace.ts';
import type { Clock } from '../../clock.ts';

/** Counts the calls to agents, GitHub and guests from now on. Returns the function that stops this. */
export function callMetrics(prefix: string, registry: Registry, clock: Clock): () => void {
  const calls = new Counter({
    name: `${prefix}calls_total`,
    help: 'Calls to agents, GitHub and guests, by route and response status.',
    labelNames: ['system', 'method', 'route', 'status'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: `${prefix}call_duration_seconds`,
    help: 'How long calls took.',
    labelNames: ['system'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120],
    registers: [registry],
  });
  return onCallEnd(clock, ({ system, method, route, status, ms }) => {
    calls.inc({ system, method, route, status: String(status ?? 'none') });
    seconds.observe({ system }, ms / 1000);
  });
}
