import { StoreError } from '../../store-error.ts';
import type { Table } from '../table.ts';

/**
 * Looks up whether a table has keys, in the order of the calls. Calls made while a read is under way share
 * the next read, so that a flood costs few reads and no call overtakes another.
 */
export class Lookups {
  readonly #table: Table;
  #asked: { key: string; tell(isThere: boolean): void; fail(error: unknown): void }[] = [];
  #isReading = false;

  constructor(table: Table) {
    this.#table = table;
  }

  /** Whether the key has a committed value. Rejects with a StoreError when it cannot be read. */
  has(key: string): Promise<boolean> {
    return new Promise((tell, fail) => {
      this.#asked.push({ key, tell, fail });
      if (!this.#isReading) void this.#read();
    });
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    while (this.#asked.length > 0) {
      const asked = this.#asked;
      this.#asked = [];
      try {
        const there = await this.#table.haveMany(asked.map(({ key }) => key));
        for (const [index, { tell }] of asked.entries()) tell(there[index] === true);
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        for (const { key, fail } of asked)
          fail(new StoreError(`The store cannot be read, and ${key} may be known: ${why}.`, { cause }));
      }
    }
    this.#isReading = false;
  }
}
