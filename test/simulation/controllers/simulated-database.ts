import type { Clock } from '../../../src/clock.ts';
import { TABLES } from '../../../src/store/engine.ts';
import { LEASE_SQL } from '../../../src/store/postgres/lease.ts';
import { MIGRATIONS } from '../../../src/store/postgres/migration/migrations.ts';
import { VERSION_SQL } from '../../../src/store/postgres/open-postgres.ts';
import { sqlTable } from '../../../src/store/postgres/sql-table.ts';
import type { Row } from '../../../src/store/postgres/writer.ts';
import { DATABASE_SQL } from '../../../src/store/shared/shared-database.ts';
import { INBOX_SQL } from '../../../src/store/shared/shared-inbox.ts';
import type { Write } from '../committed.ts';
import { type BatchIn, batchIn, type Fence } from './batch-in.ts';
import { keysIn, pageIn } from './page-in.ts';
import { RowLock } from './row-lock.ts';
import { sharedRows } from './shared-rows.ts';
import { SortedRows } from './sorted-rows.ts';

const EPOCHS_BEGIN = Date.UTC(2026, 0, 1);

/** The lease as the database has it; `taker` is the process that took it. */
export interface HeldLease {
  epoch: number;
  holder: string;
  format: number;
  /** Epoch ms on the database's clock. */
  expiresAt: number;
  taker: unknown;
}

export interface SimulatedDatabaseOptions {
  /** The database's clock. */
  clock: Clock;
  /** Milliseconds for which a batch is under way. */
  batchTakes?(): number;
  /** Called with what is about to be committed, and with the function that commits it. */
  onCommit?(writes: readonly Write[], commit: () => void): void;
  /** Called with the epoch and the number of a batch that is about to be committed. */
  onBatch?(epoch: number, number: number): void;
  /** Called when a lease was taken. */
  onTaken?(lease: HeldLease): void;
}

/** The server was stopped while a statement was under way, or is not there. */
export const CUT = Object.assign(new Error('terminating connection due to administrator command'), {
  code: '57P01',
});

/**
 * The database that several controllers share, on virtual time. It knows each of our statements by its text, and does
 * what PostgreSQL does with it. It passes the same tests as a real server (`test/store/shared-database-rules.ts`).
 *
 * A statement is done at one instant, except for what waits: a batch keeps the row of the fence locked while it is under
 * way, and a take-over waits for it. A deletion sees what was committed when its statement began, as in PostgreSQL.
 */
export class SimulatedDatabase {
  readonly #options: SimulatedDatabaseOptions;
  readonly #tables = new Map(TABLES.map((name) => [sqlTable(name), { name, rows: new SortedRows() }]));
  readonly #statements: ReadonlyMap<string, (values: readonly unknown[], taker: unknown) => unknown>;
  #lease: HeldLease = { epoch: 0, holder: '', format: 1, expiresAt: -Infinity, taker: null };
  #fence: Fence = { epoch: 0, batch: 0 };
  #locks = { lease: new RowLock(), fence: new RowLock() };
  #commits = 0;
  /** Grows with each stop of the server: what was under way then was rolled back, and its connections are gone. */
  #run = 0;
  #isUp = true;

  constructor(options: SimulatedDatabaseOptions) {
    this.#options = options;
    const inbox = this.#table(sqlTable('inbox'));
    const now = () => options.clock.now();
    this.#statements = new Map<string, (values: readonly unknown[], taker: unknown) => unknown>([
      ...sharedRows({ now, epoch: () => this.#fence.epoch }),
      [VERSION_SQL, () => [{ version: MIGRATIONS.length }]],
      [DATABASE_SQL.now, () => [{ now: String(now()) }]],
      [DATABASE_SQL.depth, () => [{ depth: String(inbox.rows.size) }]],
      [INBOX_SQL.put, ([keys, values]) => this.#keep(keys as string[], values as string[])],
      [LEASE_SQL.take, (values, taker) => this.#take(values, taker)],
      [LEASE_SQL.look, () => [this.#look()]],
      [LEASE_SQL.renew, ([epoch, length]) => this.#renew(epoch, now() + Number(length))],
      [LEASE_SQL.release, ([epoch]) => this.#renew(epoch, now())],
      [LEASE_SQL.confirm, ([epoch]) => (this.#fence.epoch === epoch ? [{}] : [])],
    ]);
  }

  /** The lease as it is committed. */
  get lease(): Readonly<HeldLease> {
    return this.#lease;
  }

  get run(): number {
    return this.#run;
  }

  /** Whether a process has the lease now. */
  isHeldBy(taker: unknown): boolean {
    return this.#lease.taker === taker && this.#lease.expiresAt > this.#options.clock.now();
  }

  /** Ends the lease as if its time were over. */
  endLease(): void {
    this.#lease = { ...this.#lease, expiresAt: -Infinity };
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  start(): void {
    this.#isUp = true;
  }

  /**
   * Makes a backup of the records, the lease and the fence. The function that it returns restores it, and returns what
   * that changes in the records.
   */
  backUp(): () => Write[] {
    const tables = [...this.#tables.values()].map((table) => ({ table, rows: table.rows.copy() }));
    const [lease, fence] = [this.#lease, this.#fence];
    return () => {
      [this.#lease, this.#fence] = [lease, fence];
      return tables.flatMap(({ table, rows }) => {
        const later = table.rows.read({}).filter(({ key }) => !rows.has(key));
        table.rows = rows.copy();
        return [
          ...later.map(({ key }): Write => ({ type: 'del', key: `!${table.name}!${key}` })),
          ...rows
            .read({})
            .map(({ key, value }): Write => ({ type: 'put', key: `!${table.name}!${key}`, value })),
        ];
      });
    };
  }

  /** The server stops at once: what is under way is rolled back. */
  stop(): void {
    this.#isUp = false;
    this.#run += 1;
    this.#locks = { lease: new RowLock(), fence: new RowLock() };
  }

  /**
   * Does a statement of a process. Rejects when the server stops meanwhile. A client that leaves ends nothing: the
   * statement goes on.
   */
  async execute(text: string, values: readonly unknown[], taker: unknown): Promise<Row[]> {
    const statement = this.#statements.get(text);
    if (statement) return (await statement(values, taker)) as Row[];
    const page = pageIn(text, values);
    if (page) return this.#table(page.table).rows.read(page.range);
    const many = keysIn(text, values);
    if (many) {
      const { rows } = this.#table(many.table);
      return many.keys.filter((key) => rows.has(key)).map((key) => ({ key, value: rows.get(key) }));
    }
    const batch = batchIn(text, values);
    if (batch) return [{ held: await this.#write(batch), sync: null }];
    throw new Error(`the simulated database does not know this statement: ${text}`);
  }

  #table(name: string) {
    const table = this.#tables.get(name);
    if (!table) throw new Error(`the simulated database has no table ${name}`);
    return table;
  }

  /** A batch that is not to be written waits for nothing; one that waited looks at the fence again. */
  async #write(batch: BatchIn): Promise<boolean> {
    if (!batch.passes(this.#fence)) return false;
    const began = this.#commits;
    return this.#locked('fence', async (isStopped) => {
      if (!batch.passes(this.#fence)) return false;
      const { clock, batchTakes, onCommit = (_writes, commit) => commit() } = this.#options;
      if (batchTakes) await clock.sleepUntil(clock.now() + batchTakes());
      if (isStopped()) throw CUT;
      const writes = batch.writes.flatMap((write) => {
        const { name, rows } = this.#table(write.table);
        const isMissed = write.type === 'del' && !rows.wouldDelete(write.key, began);
        return isMissed ? [] : { ...write, key: `!${name}!${write.key}` };
      });
      this.#options.onBatch?.(batch.epoch, batch.number);
      onCommit(writes, () => {
        this.#commits += 1;
        this.#fence = { ...this.#fence, batch: batch.number };
        for (const { table, ...write } of batch.writes) {
          const { rows } = this.#table(table);
          if (write.type === 'put') rows.put(write.key, write.value, this.#commits);
          else if (rows.wouldDelete(write.key, began)) rows.delete(write.key);
        }
      });
      return true;
    });
  }

  #keep(keys: string[], values: string[]): Row[] {
    const { rows } = this.#table(sqlTable('inbox'));
    const deliveries = this.#table(sqlTable('deliveries')).rows;
    const stored = keys.filter((key) => !deliveries.has(key) && !rows.has(key));
    const { onCommit = (_writes, commit) => commit() } = this.#options;
    const textOf = (key: string) => values[keys.indexOf(key)] as string;
    const writes = stored.map((key): Write => ({ type: 'put', key: `!inbox!${key}`, value: textOf(key) }));
    onCommit(writes, () => {
      this.#commits += 1;
      for (const key of stored) rows.put(key, textOf(key), this.#commits);
    });
    return [{ stored, sync: null }];
  }

  async #take([holder, length, format]: readonly unknown[], taker: unknown): Promise<Row[]> {
    const { clock, onTaken } = this.#options;
    const isFree = () => this.#lease.expiresAt <= clock.now() && this.#lease.format <= Number(format);
    if (!isFree()) return [];
    return this.#locked('lease', async (isStopped) => {
      if (!isFree()) return [];
      const seconds = Math.min(Math.round((clock.now() - EPOCHS_BEGIN) / 1000), 900_000_000);
      const epoch = Math.max(this.#lease.epoch + 1, seconds);
      const expiresAt = clock.now() + Number(length);
      const next = { epoch, holder: String(holder), format: Number(format), expiresAt, taker };
      await this.#locked('fence', async () => {
        if (isStopped()) throw CUT;
        this.#lease = next;
        this.#fence = { epoch, batch: 0 };
        onTaken?.(next);
      });
      return [{ epoch: String(epoch) }];
    });
  }

  async #renew(epoch: unknown, expiresAt: number): Promise<Row[]> {
    if (this.#lease.epoch !== epoch) return [];
    return this.#locked('lease', async (isStopped) => {
      if (isStopped()) throw CUT;
      if (this.#lease.epoch !== epoch) return [];
      this.#lease = { ...this.#lease, expiresAt };
      return [{ epoch: String(epoch) }];
    });
  }

  #look(): Row {
    const { holder, epoch, format, expiresAt } = this.#lease;
    const held = expiresAt > this.#options.clock.now();
    return { holder, epoch: String(epoch), format, ends: String(expiresAt), held };
  }

  /** Does something while a row is locked. */
  async #locked<T>(row: 'lease' | 'fence', work: (isStopped: () => boolean) => Promise<T>): Promise<T> {
    const run = this.#run;
    const isStopped = () => this.#run !== run;
    const unlock = await this.#locks[row].lock();
    try {
      if (isStopped()) throw CUT;
      return await work(isStopped);
    } finally {
      unlock();
    }
  }
}
