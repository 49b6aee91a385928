import type { TableName } from '../../engine.ts';
import { SCHEMA, sqlTable } from '../sql-table.ts';

/** The tables of version 1; a table that was added later has a migration of its own. */
const FIRST: TableName[] = [
  'meta',
  'actors',
  'journal',
  'journalOfJob',
  'deliveries',
  'settled',
  'noted',
  'quarantine',
  'cordons',
  'silences',
  'evidence',
  'names',
  'leftovers',
  'repositories',
  'sent',
];

/** The tables that are no part of the store: what several controllers on one database tell each other. */
export const SHARED_TABLES: readonly string[] = ['controllers', 'shown', 'orders'].map(
  (name) => `${SCHEMA}.${name}`,
);

/** Keys are compared by their bytes, as LevelDB does it. */
const createTable = (table: TableName) =>
  `create table ${sqlTable(table)} (key text collate "C" primary key, value json not null);`;

/**
 * Each entry makes the next version of the database. An entry that was released is never changed, and one that
 * an older daemon could not work with also raises the store's format.
 */
export const MIGRATIONS: readonly string[] = [
  `${FIRST.map(createTable).join('\n')}
create table ${SCHEMA}.lease (
  one boolean primary key default true check (one),
  epoch bigint not null,
  holder text not null,
  since timestamptz not null,
  expires_at timestamptz not null
);
insert into ${SCHEMA}.lease (epoch, holder, since, expires_at) values (0, '', now(), '-infinity');
create table ${SCHEMA}.fence (
  one boolean primary key default true check (one),
  epoch bigint not null,
  batch bigint not null
);
insert into ${SCHEMA}.fence (epoch, batch) values (0, 0);`,
  createTable('proofs'),
  createTable('notices'),
  // Several controllers on one database.
  `alter table ${SCHEMA}.lease add column format int not null default 1;
create table ${SCHEMA}.controllers (
  id text collate "C" primary key,
  about json not null,
  role text not null,
  epoch bigint,
  since timestamptz not null,
  seen_at timestamptz not null
);`,
  createTable('inbox'),
  // What the active one shows is lost in a crash of the server, and made again a second later.
  `create unlogged table ${SCHEMA}.shown (
  one boolean primary key default true check (one),
  epoch bigint not null,
  at timestamptz not null,
  value json not null
);
create table ${SCHEMA}.orders (
  id bigint generated always as identity primary key,
  given_at timestamptz not null default clock_timestamp(),
  giver text not null,
  path text not null,
  epoch bigint,
  status int,
  answer json
);`,
  createTable('rollouts'),
];
