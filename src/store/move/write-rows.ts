import { type Engine, type Operation, TABLES } from '../engine.ts';
import { type MovedRow, RowDigest } from './row-digest.ts';

/** Rows and characters of one batch; a longer one could miss the deadline of a database. */
const ROWS = 500;
const CHARACTERS = 2 ** 21;

/** Writes all rows into a store, in batches. Returns what it has written. */
export async function writeRows(engine: Engine, rows: AsyncIterable<MovedRow>): Promise<RowDigest> {
  const digest = new RowDigest();
  let batch: Operation[] = [];
  let characters = 0;
  for await (const row of rows) {
    digest.add(row);
    batch.push({ type: 'put', ...row });
    characters += row.value.length;
    if (batch.length < ROWS && characters < CHARACTERS) continue;
    await engine.write(batch);
    batch = [];
    characters = 0;
  }
  if (batch.length > 0) await engine.write(batch);
  return digest;
}

/** Removes all rows but the mark of the store, in batches. */
export async function removeRows(engine: Engine): Promise<void> {
  for (const table of TABLES) {
    if (table === 'meta') continue;
    for (;;) {
      const batch: Operation[] = [];
      for await (const key of engine.keys(table, { limit: ROWS })) batch.push({ type: 'del', table, key });
      if (batch.length === 0) break;
      await engine.write(batch);
    }
  }
}
