import { z } from 'zod';
import type { Engine, Range, TableName } from '../engine.ts';
import type { GroupCommit } from '../group-commit.ts';

export interface Row {
  key: string;
  raw: string;
  /** Undefined when `raw` is not JSON, or too long or too deep to be used. */
  value: unknown;
}

/**
 * Keeps a row that cannot be read, for a person; `reason` is a sentence about "it", `means` says what
 * follows.
 */
export type KeepUnreadable = (table: TableName, row: Row, reason: string, means: string) => void;

/**
 * Most characters of a row that is used. Rows of evidence and quarantine may be longer: evidence holds
 * pictures and logs, and rows in quarantine are not used.
 */
const LONGEST_ROW = 2 ** 20;
const LONGEST_ROWS: Partial<Record<TableName, number>> = { evidence: 2 ** 24, quarantine: Infinity };

/**
 * Most levels within a row: rows are turned into text by recursion, and thousands of levels would overflow
 * the stack.
 */
const DEEPEST_ROW = 100;
/** A row with fewer characters cannot be too deep. */
const SHALLOW = 4_096;

/**
 * One kind of record. Reads see only what is committed. Values become text when they are put, since a
 * snapshot shares its context with the live actor.
 */
export class Table {
  readonly #name: TableName;
  readonly #engine: Pick<Engine, 'rows' | 'keys' | 'getMany'>;
  readonly #commit: GroupCommit;
  readonly #keep: KeepUnreadable;
  /** Keys of rows that were put in quarantine: reads still find them until that is committed. */
  readonly #aside = new Set<string>();

  constructor(
    name: TableName,
    engine: Pick<Engine, 'rows' | 'keys' | 'getMany'>,
    commit: GroupCommit,
    keep: KeepUnreadable,
  ) {
    this.#name = name;
    this.#engine = engine;
    this.#commit = commit;
    this.#keep = keep;
  }

  put(key: string, value: object): void {
    this.#commit.add({ type: 'put', table: this.#name, key, value: JSON.stringify(value) });
  }

  delete(key: string): void {
    this.#commit.add({ type: 'del', table: this.#name, key });
  }

  /**
   * Moves a row that cannot be read to the quarantine, so that it is reported once and none of it is lost.
   * `instead` replaces it when its key alone is a fact; null leaves nothing in its place.
   */
  setAside(row: Row, error: z.ZodError | null, instead: object | null, means: string): void {
    if (this.#aside.has(row.key)) return;
    this.#aside.add(row.key);
    this.#keep(this.#name, row, this.whyUnreadable(row, error), means);
    if (instead === null) this.delete(row.key);
    else this.put(row.key, instead);
  }

  /** Why a row cannot be used, as a sentence about "it" in one line. */
  whyUnreadable({ raw, value }: Row, error: z.ZodError | null): string {
    if (raw.length > this.#longest) return `it has ${raw.length} characters, more than ${this.#longest}`;
    if (value === undefined) return isDeep(raw) ? 'it has too many levels' : 'it is not JSON';
    return error === null
      ? 'its value does not belong under its key, or cannot be acted on'
      : z.prettifyError(error).replaceAll('\n', ' ').slice(0, 1_000);
  }

  async *rows(range: Range = {}): AsyncGenerator<Row> {
    for await (const [key, raw] of this.#engine.rows(this.#name, range)) yield this.#row(key, raw);
  }

  keys(range: Range = {}): AsyncIterable<string> {
    return this.#engine.keys(this.#name, range);
  }

  /** The rows of those keys that have one, in the order of the keys. */
  async getMany(keys: string[]): Promise<Row[]> {
    const texts = await this.#engine.getMany(this.#name, keys);
    return texts.flatMap((raw, index) => (raw === undefined ? [] : [this.#row(keys[index] ?? '', raw)]));
  }

  /** Whether each of these keys has a row, in the order of the keys. */
  async haveMany(keys: string[]): Promise<boolean[]> {
    const texts = await this.#engine.getMany(this.#name, keys);
    return texts.map((raw) => raw !== undefined);
  }

  get #longest(): number {
    return LONGEST_ROWS[this.#name] ?? LONGEST_ROW;
  }

  #row(key: string, raw: string): Row {
    return { key, raw, value: raw.length > this.#longest ? undefined : parseText(raw) };
  }
}

/**
 * Returns a number as a key: padded to the digits of the largest safe integer, so that keys sort like their numbers.
 */
export function numberKey(number: number): string {
  return String(number).padStart(16, '0');
}

/** The form of keys that are numbers. */
export const NUMBER_KEY = /^\d{16}$/;

/** Returns the value of a row's text; undefined when it is not JSON, or too deep to be used. */
export function parseText(raw: string): unknown {
  try {
    const value: unknown = JSON.parse(raw);
    return isDeep(raw) ? undefined : value;
  } catch {
    return undefined;
  }
}

function isDeep(raw: string): boolean {
  if (raw.length < SHALLOW) return false;
  let depth = 0;
  let isText = false;
  for (let at = 0; at < raw.length; at += 1) {
    const one = raw.charCodeAt(at);
    if (one === QUOTE) isText = !isText;
    else if (one === BACKSLASH) at += 1;
    else if (!isText && (one === OPEN_LIST || one === OPEN_OBJECT)) depth += 1;
    else if (!isText && (one === CLOSE_LIST || one === CLOSE_OBJECT)) depth -= 1;
    if (depth > DEEPEST_ROW) return true;
  }
  return false;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
