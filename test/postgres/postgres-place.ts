import { pino } from 'pino';
import { askOnce } from '../../src/cli/simulation/ask-once.ts';
import { OWNER } from '../../src/cli/simulation/postgres-server.ts';
import { systemClock } from '../../src/clock.ts';
import { TABLES, type TableName } from '../../src/store/engine.ts';
import { openPostgres } from '../../src/store/postgres/open-postgres.ts';
import type { PostgresEngine } from '../../src/store/postgres/postgres-engine.ts';
import { sqlTable } from '../../src/store/postgres/sql-table.ts';
import type { Place } from '../store/store-fixture.ts';
import { DAEMON, TEMPLATE } from './migrated-server.ts';

let made = 0;

/** A database of its own, on the server for the tests of this project. */
export class PostgresPlace implements Place {
  /** Of the server that has it now. */
  port: number;
  readonly #name = `store_${process.pid}_${++made}`;
  #isMade = false;

  constructor(port: number) {
    this.port = port;
  }

  url(role = DAEMON, database = this.#name): string {
    return `postgres://${role}@127.0.0.1:${this.port}/${database}`;
  }

  /** Makes the database, with the tables by default. */
  async make(template = TEMPLATE): Promise<void> {
    if (this.#isMade) return;
    this.#isMade = true;
    await this.ask(`create database ${this.#name} template ${template}`, [], 'postgres');
  }

  /** `through`: the port of a proxy in front of the server. */
  async open(
    onTakenOver: (why: string) => void = () => undefined,
    log = pino({ level: 'silent' }),
    through = this.port,
  ): Promise<PostgresEngine> {
    await this.make();
    return openPostgres(this.url().replace(`:${this.port}/`, `:${through}/`), {
      clock: systemClock,
      log,
      onTakenOver,
    });
  }

  put(table: TableName, key: string, text: string): Promise<unknown> {
    return this.ask(
      `insert into ${sqlTable(table)} (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value`,
      [key, text],
    );
  }

  clear(): Promise<unknown> {
    return this.ask(`truncate ${TABLES.map(sqlTable).join(', ')}`);
  }

  remove(): Promise<unknown> {
    return this.ask(`drop database if exists ${this.#name} with (force)`, [], 'postgres');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }

  /** Asks as the owner. */
  ask(text: string, values?: unknown[], database = this.#name) {
    return askOnce(this.url(OWNER, database), text, values);
  }
}
