import { type Engine, TABLES } from '../engine.ts';
import { parseText } from '../tables/table.ts';
import type { MovedRow } from './row-digest.ts';

/** Characters; PostgreSQL cannot index much longer keys, and no key of ours is as long. */
const LONGEST_KEY = 600;

/**
 * Every row of a store but its mark. A value that no store could read, and that not every database can hold, is moved
 * as a JSON text under its key: the next start finds it there as unreadable as before, and does what its table does for
 * that key alone, such as to never use a number of a name again (law 2). A key that not every database can hold goes to
 * the quarantine. `at` is epoch ms.
 */
export async function* engineRows(engine: Engine, at: number): AsyncGenerator<MovedRow> {
  let unreadable = 0;
  for (const table of TABLES) {
    if (table === 'meta') continue;
    for await (const [key, value] of engine.rows(table, {})) {
      if (!key.includes('\0') && key.length <= LONGEST_KEY) {
        yield { table, key, value: parseText(value) === undefined ? JSON.stringify(value) : value };
        continue;
      }
      unreadable += 1;
      const short = key.replaceAll('\0', '\ufffd').slice(0, LONGEST_KEY / 3);
      const name = table === 'actors' ? short : `${table} ${short}`;
      const kept = { at, reason: 'it could not be read when the store was moved', raw: value };
      yield {
        table: 'quarantine',
        key: `${name}#moved${unreadable}`,
        value: JSON.stringify(table === 'actors' ? kept : { ...kept, table }),
      };
    }
  }
}
