import type { Logger } from 'pino';
import { z } from 'zod';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Clock } from '../../clock.ts';
import type { GroupCommit } from '../group-commit.ts';
import type { AgedTable } from './aged-table.ts';

export interface PendingDelivery {
  id: string;
  observation: JobObservation;
}

export interface StoredDelivery {
  /** Epoch ms. */
  at: number;
  /** Counts arrivals: several share a millisecond. */
  order: number;
  /** Null once it is handled. */
  observation: JobObservation | null;
  handled: boolean;
}

/** We wrote the observation, so only what decides about it is checked. */
const schema = z.object({
  order: z.number(),
  handled: z.boolean(),
  observation: z.looseObject({ jobId: z.number() }).nullable(),
});

/** Webhook deliveries by GitHub's id: acknowledged when stored, and acted on once, by this daemon or the next. */
export class Deliveries {
  readonly #table: AgedTable<StoredDelivery>;
  readonly #commit: GroupCommit;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Deliveries on their way to the disk. */
  readonly #arriving = new Map<string, Promise<void>>();
  #order = 0;

  constructor(table: AgedTable<StoredDelivery>, commit: GroupCommit, clock: Clock, log: Logger) {
    this.#table = table;
    this.#commit = commit;
    this.#clock = clock;
    this.#log = log;
  }

  async load(now: number): Promise<void> {
    await this.#table.load(now, ({ value }) => {
      this.#order = Math.max(this.#order, schema.safeParse(value).data?.order ?? 0);
    });
  }

  /**
   * Has a delivery acted on that did not come before. What `act` puts into the store is written together with the
   * delivery, and it returns what is left for the next start: null when all is done. Durable when it resolves, also
   * for the second of two copies that arrive at once.
   */
  async remember(id: string, act: () => JobObservation | null): Promise<'stored' | 'known'> {
    if (this.#table.has(id)) {
      await this.#arriving.get(id);
      return 'known';
    }
    this.#commit.atomically(() => {
      const observation = act();
      this.#order += 1;
      const at = this.#clock.now();
      this.#table.put(id, { at, order: this.#order, observation, handled: observation === null });
    });
    const arriving = this.#commit.durable();
    this.#arriving.set(id, arriving);
    await arriving;
    this.#arriving.delete(id);
    return 'stored';
  }

  /**
   * Its id stays known; its content is no longer needed. To be called in one transaction with what the delivery
   * changed, so that neither is stored without the other.
   */
  markHandled(id: string): void {
    const at = this.#table.at(id) ?? this.#clock.now();
    this.#table.put(id, { at, order: 0, observation: null, handled: true });
  }

  /** Deliveries that were acknowledged but not acted on, in the order of their arrival. */
  async pending(): Promise<PendingDelivery[]> {
    const pending = [];
    for await (const { key, value } of this.#table.rows()) {
      const { data } = schema.safeParse(value);
      if (!data) {
        this.#log.error({ delivery: key }, `delivery ${key} is damaged; what it said is left to the poll`);
      } else if (!data.handled && data.observation) {
        pending.push({
          id: key,
          order: data.order,
          observation: data.observation as unknown as JobObservation,
        });
      }
    }
    return pending.sort((a, b) => a.order - b.order).map(({ id, observation }) => ({ id, observation }));
  }
}
