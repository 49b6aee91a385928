import type { Logger } from 'pino';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Store } from '../../store/store.ts';

export interface PendingDeliveriesOptions {
  store: Store;
  observe(seen: JobObservation): void;
  log: Logger;
}

/**
 * Acts on deliveries that were acknowledged and not acted on, by an earlier process or before the jobs were
 * restored. A delivery whose handling fails goes to quarantine; otherwise it would fail at each start.
 */
export async function handlePendingDeliveries({
  store,
  observe,
  log,
}: PendingDeliveriesOptions): Promise<void> {
  for (const { id, observation } of await store.deliveries.pending()) {
    try {
      store.atomically(() => {
        observe(observation);
        store.deliveries.markHandled(id);
      });
    } catch (error) {
      log.error(
        { delivery: id, err: error },
        `delivery ${id}, which an earlier process stored, could not be handled and is given up; polling finds what it reported`,
      );
      await store.deliveries.giveUp(id);
    }
  }
}
