import type { StoredJournalEntry } from '../store/tables/journal.ts';

/** A change of the active one of several controllers on a database. */
export interface TakeOver {
  /** Epoch ms. */
  at: number;
  controller: string;
  /** The controller that was active before; empty for the first one, and for one that follows itself. */
  before: string;
  epoch: number;
}

/** Older ones are forgotten. */
const MOST = 100;

/** The take-overs that the journal tells. */
export class TakeOvers {
  #all: TakeOver[] = [];

  add({ kind, at, detail }: StoredJournalEntry): void {
    if (kind !== 'daemon' || typeof detail?.controller !== 'string') return;
    const { controller, before, epoch } = detail;
    this.#all = [...this.#all, { at, controller, before: String(before ?? ''), epoch: Number(epoch) }].slice(
      -MOST,
    );
  }

  /** Returns them with the oldest first. */
  all(): readonly TakeOver[] {
    return this.#all;
  }
}
