import type { Logger } from 'pino';
import { z } from 'zod';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Clock } from '../../clock.ts';
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

/** The observation is ours and of this format; only what decides about it is looked at. */
const schema = z.object({
  order: z.number(),
  handled: z.boolean(),
  observation: z.looseObject({ jobId: z.number() }).nullable(),
});

/** Webhook deliveries by GitHub's id: acknowledged once stored, and acted on once, by this daemon or the next. */
export class Deliveries {
  readonly #table: AgedTable<StoredDelivery>;
  readonly #durable: () => Promise<void>;
  readonly #clock: Clock;
  readonly #log: Logger;
  /** Deliveries on their way to the disk. */
  readonly #arriving = new Map<string, Promise<void>>();
  #order = 0;

  constructor(table: AgedTable<StoredDelivery>, durable: () => Promise<void>, clock: Clock, log: Logger) {
    this.#table = table;
    this.#durable = durable;
    this.#clock = clock;
    this.#log = log;
  }

  async load(now: number): Promise<void> {
    await this.#table.load(now, ({ value }) => {
      this.#order = Math.max(this.#order, schema.safeParse(value).data?.order ?? 0);
    });
  }

  has(id: string): boolean {
    return this.#table.has(id);
  }

  /**
   * Durable when it resolves, also for the second of two copies that arrive at once. Null for a delivery that says
   * nothing more than what was put in the same stretch.
   */
  async remember(id: string, observation: JobObservation | null): Promise<'stored' | 'known'> {
    if (this.#table.has(id)) {
      await this.#arriving.get(id);
      return 'known';
    }
    this.#order += 1;
    this.#table.put(id, {
      at: this.#clock.now(),
      order: this.#order,
      observation,
      handled: observation === null,
    });
    const arriving = this.#durable();
    this.#arriving.set(id, arriving);
    await arriving;
    this.#arriving.delete(id);
    return 'stored';
  }

  /**
   * Its id stays known; its content is no longer needed. Put in the same stretch as what the delivery changed, so
   * that neither is stored without the other.
   */
  markHandled(id: string): void {
    const at = this.#table.at(id) ?? this.#clock.now();
    this.#table.put(id, { at, order: 0, observation: null, handled: true });
  }

  /** Acknowledged but not acted on, in the order of arrival. */
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
