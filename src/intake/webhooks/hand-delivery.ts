import type { Logger } from 'pino';
import type { JobObservation } from '../../../machines/job/observation.ts';

/** Acts on a delivery. False when that fails: the delivery is then kept with its content. */
export function handDelivery(
  deliveryId: string,
  seen: JobObservation,
  onNew: (seen: JobObservation) => void,
  log: Logger,
): boolean {
  try {
    onNew(seen);
    return true;
  } catch (error) {
    const facts = { delivery: deliveryId, job: seen.jobId };
    log.error(
      { ...facts, err: error },
      'a webhook delivery was stored but not handled; the next start handles it',
    );
    return false;
  }
}
