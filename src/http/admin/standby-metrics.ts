import { Registry } from 'prom-client';
import { addControllerMetrics, type ControllerFigures } from './controller-metrics.ts';
import { processMetrics } from './process-metrics.ts';

/**
 * What Prometheus reads of a standby: itself. Jobs, hosts and failures are reported by the active controller alone,
 * since sums over all controllers would count them twice.
 */
export class StandbyMetrics {
  readonly #registry = new Registry();

  constructor(prefix: string, figures: () => ControllerFigures) {
    addControllerMetrics(prefix, this.#registry, figures);
  }

  async text(): Promise<string> {
    return `${await processMetrics()}\n${await this.#registry.metrics()}`;
  }
}
