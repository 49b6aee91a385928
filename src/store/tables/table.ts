import type { GroupCommit } from '../group-commit.ts';
import type { LevelEngine, Range, TableName } from '../level-engine.ts';

export interface Row {
  key: string;
  raw: string;
  /** Undefined when `raw` is not JSON: one damaged record must not hide the others. */
  value: unknown;
}

/**
 * One kind of record. Reads see only what is committed. Values become text at once, since a snapshot shares its context
 * with the live actor.
 */
export class Table {
  readonly #name: TableName;
  readonly #engine: LevelEngine;
  readonly #commit: GroupCommit;

  constructor(name: TableName, engine: LevelEngine, commit: GroupCommit) {
    this.#name = name;
    this.#engine = engine;
    this.#commit = commit;
  }

  put(key: string, value: object): void {
    this.#commit.add({
      type: 'put',
      key: this.#engine.keyOf(this.#name, key),
      value: JSON.stringify(value),
    });
  }

  delete(key: string): void {
    this.#commit.add({ type: 'del', key: this.#engine.keyOf(this.#name, key) });
  }

  async *rows(range: Range = {}): AsyncGenerator<Row> {
    for await (const [key, raw] of this.#engine.rows(this.#name, range))
      yield { key, raw, value: parse(raw) };
  }

  keys(range: Range = {}): AsyncIterable<string> {
    return this.#engine.keys(this.#name, range);
  }

  /** The values of those keys that have one, in the order of the keys. */
  async getMany(keys: string[]): Promise<unknown[]> {
    const texts = await this.#engine.getMany(this.#name, keys);
    return texts.flatMap((text) => (text === undefined ? [] : [parse(text)])).filter((v) => v !== undefined);
  }
}

/** A number as a key: padded to the digits of the largest safe integer, so that keys sort as their numbers do. */
export function numberKey(number: number): string {
  return String(number).padStart(16, '0');
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw);
  } catch {
    return undefined;
  }
}
