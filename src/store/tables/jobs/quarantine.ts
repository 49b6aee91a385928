import type { Clock } from '../../../clock.ts';
import type { AgedTable } from '../aged-table.ts';
import type { ActorRecords } from './actor-records.ts';

export interface QuarantinedRecord {
  /** Epoch ms. */
  at: number;
  reason: string;
  raw: unknown;
}

/** Records of actors that must not be used, kept for a person to look at. */
export class Quarantine {
  readonly #table: AgedTable<QuarantinedRecord>;
  readonly #actors: ActorRecords;
  readonly #clock: Clock;

  constructor(table: AgedTable<QuarantinedRecord>, actors: ActorRecords, clock: Clock) {
    this.#table = table;
    this.#actors = actors;
    this.#clock = clock;
  }

  /** Moves an actor's record here, where it is not revived. A second one of the same key is kept, too. */
  put(key: string, raw: unknown, reason: string): void {
    let n = 1;
    while (this.#table.has(`${key}#${n}`)) n += 1;
    this.#table.put(`${key}#${n}`, { at: this.#clock.now(), reason, raw });
    this.#actors.delete(key);
  }

  /** The actor's key of each record, so a key may come twice. */
  keys(): string[] {
    return this.#table.keys().map((key) => key.slice(0, key.lastIndexOf('#')));
  }
}
