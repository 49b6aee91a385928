import type { Logger } from 'pino';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { HookRef } from '../../../machines/webhooks.ts';
import { type Clock, sleepFor } from '../../clock.ts';
import { Stop } from '../../stop.ts';
import type { Store } from '../../store/store.ts';
import { handDelivery } from './hand-delivery.ts';

/** Deliveries that are handled together. */
const AT_ONCE = 200;

export interface InboxDrainOptions {
  store: Pick<Store, 'inbox' | 'deliveries' | 'atomically'>;
  /** Milliseconds between two looks into the inbox; null when nobody else can put anything in. */
  every: number | null;
  clock: Clock;
  takesJobs(): boolean;
  onNew(observation: JobObservation): void;
  /** Called once for each delivery, when it is durable. */
  onStored(observation: JobObservation, hook: HookRef | null): void;
  log: Logger;
}

/**
 * Handles the deliveries that standbys have taken. A delivery leaves the inbox in the same batch in which it is
 * stored here with everything that it changes. So it is handled once, at whatever moment a daemon dies.
 */
export class InboxDrain {
  readonly #options: InboxDrainOptions;
  readonly #stopped = new Stop();
  /** Whether the log says that the inbox cannot be read. */
  #isTold = false;

  constructor(options: InboxDrainOptions) {
    this.#options = options;
  }

  /** Empties the inbox, and looks into it again and again until stopped. */
  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #run(): Promise<void> {
    const { every, clock, log } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        while ((await this.#handleSome()) === AT_ONCE && !signal.aborted);
        if (every === null) return;
        this.#isTold = false;
      } catch (error) {
        if (!this.#isTold)
          log.error(
            { err: error },
            'the webhook deliveries that wait in the store cannot be read, and this is tried again: check the database',
          );
        this.#isTold = true;
      }
      await sleepFor(clock, every ?? 1_000, signal).catch(() => undefined);
    }
  }

  async #handleSome(): Promise<number> {
    const { store, takesJobs, onNew, onStored, log } = this.#options;
    const found = await store.inbox.read(AT_ONCE);
    if (this.#stopped.signal.aborted) return 0;
    await Promise.all(
      found.map(async ({ id, observation, hook }) => {
        const outcome = await store.deliveries.remember(id, () => {
          store.inbox.delete(id);
          return takesJobs() && handDelivery(id, observation, onNew, log) ? null : observation;
        });
        if (outcome === 'stored') onStored(observation, hook);
        else store.inbox.delete(id);
      }),
    );
    return found.length;
  }
}
