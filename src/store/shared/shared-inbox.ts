import { DURABLE } from '../postgres/batch-statement.ts';
import { SCHEMA } from '../postgres/sql-table.ts';
import type { Writer } from '../postgres/writer.ts';
import type { TakenDelivery } from '../tables/deliveries/inbox.ts';

const PUT = `
with given as (select key, value from unnest($1::text[], $2::text[]) as given (key, value)),
put as (
  insert into ${SCHEMA}.inbox (key, value) select key, value::json from given
  where not exists (select from ${SCHEMA}.deliveries where deliveries.key = given.key)
  on conflict do nothing returning key
)
select array(select key from put) as stored, ${DURABLE}`;

/** Every statement about the inbox; the simulated database knows each statement by its text. */
export const INBOX_SQL = { put: PUT };

interface Waiting {
  id: string;
  text: string;
  tell(isNew: boolean): void;
  fail(error: unknown): void;
}

/**
 * Takes deliveries while another controller is active. It only adds rows, so it needs no lease. Deliveries that come
 * during a write share the next one: a flood costs few.
 */
export class SharedInbox {
  readonly #writer: Pick<Writer, 'write'>;
  #waiting: Waiting[] = [];
  #isWriting = false;

  constructor(writer: Pick<Writer, 'write'>) {
    this.#writer = writer;
  }

  /** Resolves when the delivery is durable; `known` when one of this id came before. Rejects when it cannot be stored. */
  async keep(id: string, delivery: TakenDelivery): Promise<'stored' | 'known'> {
    const isNew = await new Promise<boolean>((tell, fail) => {
      this.#waiting.push({ id, text: JSON.stringify(delivery), tell, fail });
      if (!this.#isWriting) void this.#write();
    });
    return isNew ? 'stored' : 'known';
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      // One statement must not have a key twice: the second copy is known when the first is stored.
      const first = new Map(batch.map((one) => [one.id, one] as const).reverse());
      try {
        const values = [[...first.keys()], [...first.values()].map(({ text }) => text)];
        const [row] = await this.#writer.write({ text: PUT, values });
        const stored = new Set(row?.stored as string[]);
        for (const one of batch) one.tell(stored.has(one.id) && first.get(one.id) === one);
      } catch (error) {
        for (const { fail } of batch) fail(error);
      }
    }
    this.#isWriting = false;
  }
}
