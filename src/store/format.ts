import type { Database, Sublevel } from './database.ts';
import { StoreError } from './store-error.ts';

/** Grows when an older daemon could misread what a newer one has written. */
const FORMAT = 1;

/**
 * Marks a database that holds nothing as ours. Throws a StoreError for one that a newer daemon has written, and for
 * one that holds something without our mark.
 */
export async function confirmFormat(database: Database, meta: Sublevel): Promise<void> {
  const text = await meta.get('format');
  if (text === undefined) {
    for await (const key of database.keys({ limit: 1 })) {
      throw new StoreError(`it is another program's database (its first key is ${JSON.stringify(key)})`);
    }
    return meta.put('format', String(FORMAT), { sync: true } as object);
  }
  if (Number(text) > FORMAT) {
    throw new StoreError(`it was written by a newer version (format ${text}, and this one knows ${FORMAT})`);
  }
  if (Number(text) !== FORMAT)
    throw new StoreError(`its format is ${JSON.stringify(text)}, which no version wrote`);
}
