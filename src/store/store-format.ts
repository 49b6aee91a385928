import type { Engine } from './engine.ts';
import { StoreError } from './store-error.ts';

/** Grows when an older daemon could misread what a newer one has written. */
const FORMAT = 1;

const KEY = 'format';

/**
 * Makes sure that this version can use the store, and marks an empty one as ours. Throws a StoreError, whose
 * message completes "The store cannot be used: …".
 */
export async function confirmFormat(engine: Engine): Promise<void> {
  const [mark] = await engine.getMany('meta', [KEY]);
  if (mark === undefined) {
    return engine.write([{ type: 'put', table: 'meta', key: KEY, value: String(FORMAT) }]);
  }
  if (Number(mark) > FORMAT) {
    throw new StoreError(
      `it was written by a newer version (format ${mark}, and this one knows ${FORMAT}). Run the version that wrote it, or give this daemon a store of its own.`,
    );
  }
  if (Number(mark) !== FORMAT) {
    throw new StoreError(
      `its format is ${JSON.stringify(mark)}, which no version of jeballto-runner writes. Run the version that wrote it, or give this daemon a store of its own.`,
    );
  }
}
