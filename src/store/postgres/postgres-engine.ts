import type { Engine, Operation } from '../engine.ts';
import { StoreError, TakenOverError } from '../store-error.ts';
import { batchStatement } from './batch-statement.ts';
import type { Connections } from './connections.ts';
import type { Lease } from './lease.ts';
import { PostgresReader } from './postgres-reader.ts';
import { explainTrouble } from './trouble/explain-trouble.ts';
import type { Writer } from './writer.ts';

/** A PostgreSQL database to which this daemon writes while it has the lease. */
export class PostgresEngine extends PostgresReader implements Engine {
  readonly lease: Lease;
  readonly #writer: Writer;
  #batch = 0;
  /** A batch failed, or its response did not come: it may still be under way. */
  #isUnsure = false;
  readonly #release: () => Promise<void>;
  #closed: Promise<void> | null = null;

  /** The engine closes its writer; then `close` calls `release`, since the connections may serve others, too. */
  constructor(
    place: string,
    connections: Connections,
    writer: Writer,
    lease: Lease,
    release: () => Promise<void> = () => Promise.resolve(),
  ) {
    super(place, connections);
    this.#release = release;
    this.#writer = writer;
    this.lease = lease;
  }

  get epoch(): number {
    return this.lease.epoch;
  }

  /** Milliseconds that the last batch took; null before the first. */
  get lastWrite(): number | null {
    return this.#writer.took;
  }

  async write(operations: readonly Operation[]): Promise<void> {
    // A deletion finds only rows that were committed before its statement began, so it would miss those of a batch
    // that is still under way. An empty batch waits for that one, or prevents it.
    if (this.#isUnsure) await this.#send([]);
    this.#isUnsure = true;
    await this.#send(operations);
    this.#isUnsure = false;
  }

  async #send(operations: readonly Operation[]): Promise<void> {
    this.#batch += 1;
    const statement = batchStatement(this.epoch, this.#batch, operations);
    const [row] = await this.#writer.write(statement).catch((error: unknown) => {
      throw new StoreError(explainTrouble(error));
    });
    if (row?.held === true) return;
    this.lease.lose('taken');
    throw new TakenOverError(`another daemon has taken over ${this.place}`);
  }

  close(): Promise<void> {
    this.#closed ??= this.lease
      .release()
      .then(() => this.#writer.close())
      .then(this.#release);
    return this.#closed;
  }
}
