import { z } from 'zod';
import type { JobObservation } from '../../../../machines/job/observation.ts';
import type { HookRef } from '../../../../machines/webhooks.ts';
import { exactText, identifier, instant } from '../../../bounds.ts';
import type { Table } from '../table.ts';
import { STORED_OBSERVATION } from './deliveries.ts';

const hook: z.ZodType<HookRef> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('repository'), owner: exactText, repository: exactText, id: identifier }),
  z.object({ kind: z.literal('organization'), owner: exactText, id: identifier }),
  z.object({ kind: z.literal('app') }),
]);

const schema = z.object({ at: instant, observation: STORED_OBSERVATION, hook: hook.nullable() });

/** A delivery that a standby took, for the active controller. */
export interface TakenDelivery {
  /** Epoch ms. */
  at: number;
  observation: JobObservation;
  /** The webhook from which it came. */
  hook: HookRef | null;
}

/** Deliveries that standbys have acknowledged, by GitHub's id. The active controller moves them to its own. */
export class Inbox {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Finds rows that cannot be read. */
  async load(): Promise<void> {
    await this.read();
  }

  /** At most `limit` committed deliveries, in the order of their arrival; all by default. */
  async read(limit?: number): Promise<({ id: string } & TakenDelivery)[]> {
    const found: ({ id: string } & TakenDelivery)[] = [];
    for await (const row of this.#table.rows(limit === undefined ? {} : { limit })) {
      const { data, error } = schema.safeParse(row.value);
      if (data) found.push({ id: row.key, ...data });
      else this.#table.setAside(row, error, null, 'The next poll finds what it said.');
    }
    return found.sort((a, b) => a.at - b.at);
  }

  delete(id: string): void {
    this.#table.delete(id);
  }
}
