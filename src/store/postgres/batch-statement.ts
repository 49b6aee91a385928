import type { Operation, TableName } from '../engine.ts';
import { SCHEMA, sqlTable } from './sql-table.ts';

/**
 * A column that makes the commit of its statement durable: with `synchronous_commit` `off` or `local`, as a server or a
 * role may have it, the server would acknowledge what a crash may lose. A stricter value stays.
 */
export const DURABLE = `case when current_setting('synchronous_commit') in ('off', 'local') then set_config('synchronous_commit', 'on', true) end as sync`;

export interface Statement {
  text: string;
  values: unknown[];
}

/**
 * Returns one statement that writes a batch whole or not at all, and not a transaction of several statements: a daemon
 * that froze in the middle of one would keep its locks, and no other daemon could take over.
 *
 * The fence: nothing is written unless the database still has this `epoch`, and no later batch of it was
 * written. The number of the batch matters as much as the epoch: a batch whose connection was given up may still
 * be on its way, and must not overwrite what its repetition and later batches have written. The row of the fence
 * stays locked until the batch is committed, so that a take-over waits for it.
 *
 * The only row of the result has `held`, whether the batch was written.
 */
export function batchStatement(epoch: number, batch: number, operations: readonly Operation[]): Statement {
  const values: unknown[] = [epoch, batch];
  const parts = [
    `fence as (update ${SCHEMA}.fence set batch = $2 where epoch = $1 and batch < $2 returning epoch)`,
  ];
  for (const [table, { puts, deletions }] of byTable(operations)) {
    const name = sqlTable(table);
    if (deletions.length > 0) {
      const keys = values.push(deletions);
      parts.push(
        `${part('without', parts)} as (delete from ${name} where key = any($${keys}::text[]) and exists (select from fence))`,
      );
    }
    if (puts.length > 0) {
      const keys = values.push(puts.map(([key]) => key));
      const texts = values.push(puts.map(([, value]) => value));
      parts.push(
        `${part('with', parts)} as (insert into ${name} (key, value)` +
          ` select key, value::json from unnest($${keys}::text[], $${texts}::text[]) as put (key, value)` +
          ` where exists (select from fence) on conflict (key) do update set value = excluded.value)`,
      );
    }
  }
  return {
    text: `with ${parts.join(',\n')}\nselect exists (select from fence) as held, ${DURABLE}`,
    values,
  };
}

const part = (what: string, parts: string[]) => `${what}_${parts.length}`;

function byTable(operations: readonly Operation[]) {
  const tables = new Map<TableName, { puts: [key: string, value: string][]; deletions: string[] }>();
  for (const operation of operations) {
    const of = tables.get(operation.table) ?? { puts: [], deletions: [] };
    if (operation.type === 'put') of.puts.push([operation.key, operation.value]);
    else of.deletions.push(operation.key);
    tables.set(operation.table, of);
  }
  return tables;
}
