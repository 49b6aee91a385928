import type { AbstractLevel, AbstractSublevel } from 'abstract-level';

type Format = string | Buffer | Uint8Array;

/** LevelDB, on disk or in memory, with text keys and values. */
export type Database = AbstractLevel<Format, string, string>;

export type Sublevel = AbstractSublevel<Database, Format, string, string>;

/** Every kind of record stands under a name of its own. */
export const SUBLEVELS = [
  'meta',
  'actors',
  'journal',
  'journalOfJob',
  'deliveries',
  'settled',
  'noted',
  'quarantine',
  'cordons',
  'evidence',
] as const;

export type Sublevels = Record<(typeof SUBLEVELS)[number], Sublevel>;

export function sublevelsOf(database: Database): Sublevels {
  return Object.fromEntries(SUBLEVELS.map((name) => [name, database.sublevel(name)])) as Sublevels;
}
