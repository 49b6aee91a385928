import type { TableName } from '../engine.ts';

/** Everything of ours is in one schema of the database, and every statement names it: poolers keep no search path. */
export const SCHEMA = 'jeballto_runner';

/** Returns the name of a table in SQL. */
export function sqlTable(table: TableName): string {
  return `${SCHEMA}.${table.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
}
