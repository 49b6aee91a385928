import { collectDefaultMetrics, Registry } from 'prom-client';

const registry = new Registry();

/**
 * Metrics of Node itself, as text. Its observers of garbage collection and event loop never stop, so a process starts
 * them only once.
 */
export function processMetrics(): Promise<string> {
  if (registry.getMetricsAsArray().length === 0) collectDefaultMetrics({ register: registry });
  return registry.metrics();
}
