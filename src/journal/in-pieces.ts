import { setImmediate } from 'node:timers/promises';

/**
 * Items that are handed on before other work gets a turn: some milliseconds for entries of the journal, some tens for
 * the records of jobs.
 */
const AT_ONCE = 100;

/**
 * Hands the items on, some at a time, so that jobs, webhooks, other readers and the lease of the store go on while
 * much is read. An abort ends it with the signal's reason.
 */
export async function* inPieces<T>(
  items: AsyncIterable<T> | Iterable<T>,
  signal?: AbortSignal,
): AsyncGenerator<T> {
  let read = 0;
  for await (const item of items) {
    yield item;
    read += 1;
    if (read % AT_ONCE === 0) await setImmediate();
    signal?.throwIfAborted();
  }
}
