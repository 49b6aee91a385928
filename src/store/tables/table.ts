import type { Sublevel } from '../database.ts';
import type { GroupCommit } from '../group-commit.ts';

/** Bounds as LevelDB takes them; without any, everything. */
export interface Range {
  gt?: string;
  lt?: string;
  reverse?: boolean;
  limit?: number;
}

export interface Row {
  key: string;
  raw: string;
  /** Undefined when `raw` is not JSON: one damaged record must not hide the others. */
  value: unknown;
}

/**
 * One kind of record. Writes join the batch of their synchronous stretch; reads see only what is committed. Values
 * become text at once, since a snapshot shares its context with the live actor.
 */
export class Table {
  readonly #rows: Sublevel;
  readonly #commit: GroupCommit;

  constructor(rows: Sublevel, commit: GroupCommit) {
    this.#rows = rows;
    this.#commit = commit;
  }

  put(key: string, value: object): void {
    this.#commit.add({ type: 'put', key: this.#rows.prefixKey(key, 'utf8'), value: JSON.stringify(value) });
  }

  delete(key: string): void {
    this.#commit.add({ type: 'del', key: this.#rows.prefixKey(key, 'utf8') });
  }

  async *rows(range: Range = {}): AsyncGenerator<Row> {
    for await (const [key, raw] of this.#rows.iterator(range)) yield { key, raw, value: parse(raw) };
  }

  keys(range: Range = {}): AsyncIterable<string> {
    return this.#rows.keys(range);
  }

  /** The values of those keys that have one, in the order of the keys. */
  async getMany(keys: string[]): Promise<unknown[]> {
    const texts = await this.#rows.getMany(keys);
    return texts.flatMap((text) => (text === undefined ? [] : [parse(text)])).filter((v) => v !== undefined);
  }
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
