import { type Clock, sleepFor } from '../../clock.ts';
import type { Recording } from '../../journal/recording.ts';
import { Stop } from '../../stop.ts';
import type { Journal } from '../../store/tables/journal.ts';

/** Milliseconds between two looks for new entries. */
const LOOK_EVERY = 500;

/** The journal while another controller writes it. */
export class JournalFollower implements Recording {
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #stopped = new Stop();

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
  }

  start(): void {
    this.#stopped = new Stop();
    void this.#follow();
  }

  stop(): void {
    this.#stopped.abort();
  }

  seq = (): number => this.#journal.seq;

  /** What is seen here is committed. */
  durable = async (): Promise<void> => undefined;

  read: Recording['read'] = (query) => this.#journal.read(query);

  seqAt = (at: number): Promise<number> => this.#journal.seqAt(at);

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async #follow(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const before = this.#journal.seq;
      // While the database is away nothing is new.
      await this.#journal.load().catch(() => undefined);
      if (this.#journal.seq !== before) for (const listener of this.#listeners) listener();
      await sleepFor(this.#clock, LOOK_EVERY, signal).catch(() => undefined);
    }
  }
}
