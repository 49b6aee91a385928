import { type Clock, sleepFor } from '../clock.ts';

/** One write as LevelDB takes it: a full key, and a value or its deletion. */
export type Operation = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

export interface WriteHealth {
  ok: boolean;
  /** Epoch ms of the first failure of the present outage. */
  failingSince: number | null;
  lastError: string | null;
  pending: number;
}

export interface GroupCommitOptions {
  /** Writes a batch atomically and durably, or rejects and has written nothing. */
  write(operations: Operation[]): Promise<void>;
  clock: Clock;
  onHealthChange?(health: WriteHealth): void;
}

/** Milliseconds between tries while the disk refuses. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * Collects writes and commits them together, one batch at a time. What is put in one synchronous stretch is never
 * split (an exchange writes two actors). A refused batch is kept and tried again, and nobody who waits for
 * `durable` is let through meanwhile: a full disk stops new effects instead of orphaning what they would make.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #pending = new Map<string, Operation>();
  #waiters: (() => void)[] = [];
  #running: Promise<void> | null = null;
  #failingSince: number | null = null;
  #lastError: string | null = null;
  #closing = false;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The last write of a key within a batch wins. */
  add(operation: Operation): void {
    if (this.#closing) throw new Error('the store is closed: a write came after it was flushed');
    this.#pending.set(operation.key, operation);
    this.#kick();
  }

  /** Resolves when everything added so far is on disk, however long the disk refuses. */
  durable(): Promise<void> {
    if (this.#pending.size === 0 && this.#running === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
      this.#kick();
    });
  }

  health(): WriteHealth {
    return {
      ok: this.#failingSince === null,
      failingSince: this.#failingSince,
      lastError: this.#lastError,
      pending: this.#pending.size,
    };
  }

  /** Flushes and refuses further writes. Rejects when the disk refuses the last batch, too. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#running;
    if (this.#pending.size > 0) throw new Error(`the last writes could not be stored: ${this.#lastError}`);
  }

  #kick(): void {
    this.#running ??= this.#loop().finally(() => {
      this.#running = null;
    });
  }

  async #loop(): Promise<void> {
    await null;
    let pause = FIRST_PAUSE;
    while (this.#pending.size > 0 || this.#waiters.length > 0) {
      const batch = this.#pending;
      const waiters = this.#waiters;
      this.#pending = new Map();
      this.#waiters = [];
      try {
        if (batch.size > 0) await this.#options.write([...batch.values()]);
        this.#note(null);
        pause = FIRST_PAUSE;
        for (const resolve of waiters) resolve();
      } catch (error) {
        this.#pending = new Map([...batch, ...this.#pending]);
        this.#waiters = [...waiters, ...this.#waiters];
        this.#note(error instanceof Error ? describe(error) : String(error));
        if (this.#closing) return;
        await sleepFor(this.#options.clock, pause);
        pause = Math.min(LONGEST_PAUSE, pause * 2);
      }
    }
  }

  #note(error: string | null): void {
    const wasOk = this.#failingSince === null;
    this.#lastError = error ?? this.#lastError;
    if (error === null) this.#failingSince = null;
    else this.#failingSince ??= this.#options.clock.now();
    if (wasOk !== (this.#failingSince === null)) this.#options.onHealthChange?.(this.health());
  }
}

function describe(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
