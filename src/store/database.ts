import type { AbstractLevel } from 'abstract-level';

/** LevelDB, on disk or in memory, with text keys and values. */
export type Database = AbstractLevel<string | Buffer | Uint8Array, string, string>;

/** Every kind of record stands under a prefix of its own; `!` sorts before all that follows it. */
export const TABLES = {
  meta: 'meta!',
  actors: 'actors!',
  journal: 'journal!',
  deliveries: 'deliveries!',
  settled: 'settled!',
  noted: 'noted!',
  quarantine: 'quarantine!',
} as const;

/** The range of keys that stand under a prefix. */
export function under(prefix: string): { gte: string; lt: string } {
  return { gte: prefix, lt: `${prefix}\uffff` };
}

/** Numbers as keys: padded, so that their order as text is their order. */
export function numberKey(number: number): string {
  return String(number).padStart(16, '0');
}
