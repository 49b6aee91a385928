import { type Clock, sleepFor } from '../clock.ts';
import type { Operation } from './engine.ts';
import { StoreError, TakenOverError } from './store-error.ts';

/** The result of a callback that must not wait: not a promise, nor anything else that can be awaited. */
export type Synchronous<Result> = Result extends { then: unknown } ? never : Result;

export interface WriteHealth {
  ok: boolean;
  /** Epoch ms of the first failure of the present outage. */
  failingSince: number | null;
  /** Why writes fail in the present outage, or why they failed in the last one. */
  lastError: string | null;
  /** Keys whose last write is not known to be on disk. */
  pending: number;
}

export interface GroupCommitOptions {
  /**
   * Writes a batch atomically and durably, or rejects. After a rejection it is called again with the same
   * batch, or a larger one.
   */
  write(operations: Operation[]): Promise<void>;
  clock: Clock;
  onHealthChange?(health: WriteHealth): void;
}

/** Milliseconds between tries while the disk refuses; they double. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/**
 * Collects writes and commits them together, one batch at a time. Writes that belong together are made within
 * `atomically`; further writes that follow without any wait join the same batch, which saves a sync. A
 * refused batch is kept and tried again, and until it is written `durable` does not resolve: a full disk
 * stops new effects, since what they make would have no record.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  readonly #closing = new AbortController();
  /** Nothing is written any more, and nobody waits for it. */
  #isAbandoned = false;
  #pending = new Map<string, Operation>();
  #waiters: (() => void)[] = [];
  #inFlight = 0;
  /** The loop that writes what is added; null when none is running. */
  #loop: Promise<void> | null = null;
  #failingSince: number | null = null;
  #lastError: string | null = null;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** The last write of a key within a batch wins. Throws a StoreError after `close` was called. */
  add(operation: Operation): void {
    if (this.#isAbandoned) return;
    const { table, key } = operation;
    if (this.#closing.signal.aborted) {
      throw new StoreError(
        `The store is closed, and ${table} ${key} was to be written after its last flush.`,
      );
    }
    // No name of a table has a space.
    this.#pending.set(`${table} ${key}`, operation);
    this.#loop ??= this.#run();
  }

  /**
   * Runs `work` and returns what it returns. All that it adds, and all that a nested call adds, is in one
   * batch: no commit begins before it has returned, and a commit under way does not include any of it. It
   * must not wait, since what is added after a wait is in a later batch: a promise is refused by the type,
   * and with a StoreError.
   *
   * When it throws, what it added before stays and is one batch. It is not rolled back, because the changes
   * of live actors cannot be rolled back, and the store has to agree with them.
   */
  atomically<Result>(work: () => Synchronous<Result>): Result {
    const result: Result = work();
    if (isPromise(result)) {
      throw new StoreError('A transaction waits: what it writes after that would be in another batch.');
    }
    return result;
  }

  /**
   * Resolves when everything added so far is on disk, however long the disk refuses. Never rejects. It never
   * resolves for writes that were lost in a failed `close` or in `abandon`, so that no effect relies on them.
   */
  durable(): Promise<void> {
    if (this.#isAbandoned) return new Promise(() => undefined);
    if (this.#pending.size === 0 && this.#loop === null) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  health(): WriteHealth {
    return {
      ok: this.#failingSince === null,
      failingSince: this.#failingSince,
      lastError: this.#lastError,
      pending: this.#pending.size + this.#inFlight,
    };
  }

  /** Flushes and refuses further writes. Tries a failing disk once more, then rejects with a StoreError. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#isAbandoned) return;
    await this.#loop;
    if (this.#pending.size > 0) {
      throw new StoreError(`The last ${this.#pending.size} writes could not be stored: ${this.#lastError}`);
    }
  }

  /**
   * Drops what is not written, and every later write: the records belong to another daemon now. A batch that is under
   * way may still be written.
   */
  abandon(): void {
    this.#isAbandoned = true;
    this.#closing.abort();
    this.#pending.clear();
    this.#waiters = [];
  }

  async #run(): Promise<void> {
    await microtasksDone();
    let pause = FIRST_PAUSE;
    while (this.#pending.size > 0 || this.#waiters.length > 0) {
      const isLastTry = this.#closing.signal.aborted;
      if (await this.#commit()) {
        pause = FIRST_PAUSE;
        continue;
      }
      if (isLastTry) break;
      await sleepFor(this.#options.clock, pause, this.#closing.signal).catch(() => undefined);
      pause = Math.min(LONGEST_PAUSE, pause * 2);
    }
    // Nothing was awaited since `#pending` was found empty: a later `add` starts a new loop.
    this.#loop = null;
  }

  /** False when the disk refused: everything is pending again, and a newer write of the same key wins. */
  async #commit(): Promise<boolean> {
    const batch = this.#pending;
    const waiters = this.#waiters;
    this.#pending = new Map();
    this.#waiters = [];
    this.#inFlight = batch.size;
    let failure: string | null = null;
    try {
      if (batch.size > 0) await this.#options.write([...batch.values()]);
    } catch (error) {
      if (error instanceof TakenOverError) this.abandon();
      if (this.#isAbandoned) return true;
      failure = describe(error);
      this.#pending = new Map([...batch, ...this.#pending]);
      this.#waiters = [...waiters, ...this.#waiters];
    }
    if (this.#isAbandoned) return true;
    this.#inFlight = 0;
    this.#note(failure);
    if (failure === null) for (const resolve of waiters) resolve();
    return failure === null;
  }

  #note(failure: string | null): void {
    const wasOk = this.#failingSince === null;
    this.#lastError = failure ?? this.#lastError;
    this.#failingSince = failure === null ? null : (this.#failingSince ?? this.#options.clock.now());
    if (wasOk !== (failure === null)) this.#options.onHealthChange?.(this.health());
  }
}

/**
 * Resolves when all microtasks are done, and before any timer or I/O. The end of an effect is written a few
 * microtasks before the transition that follows from it: in separate batches, a job would wait for two syncs
 * at every step.
 */
const microtasksDone = (): Promise<void> =>
  new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));

function isPromise(value: unknown): boolean {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** LevelDB's error has the reason in its cause. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
