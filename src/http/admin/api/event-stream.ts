import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { type Clock, sleepFor } from '../../../clock.ts';
import type { Recording } from '../../../journal/recording.ts';

/** Entries that are read at once, and so kept in memory while a browser reads slowly. */
const BATCH = 200;
/** Milliseconds without an entry after which a comment is sent: proxies close a silent connection. */
const HEARTBEAT = 15_000;

/**
 * Returns the journal as server-sent events, starting after a given entry, each with its sequence number as id. It is
 * read from the store at the browser's own pace: a slow browser delays no other reader, nothing is buffered for it, and
 * one that reconnects continues exactly where it was. When its next entry is no longer in the store, `reset` tells it
 * to load everything again.
 */
export function eventStream(c: Context, recording: Recording, after: number, clock: Clock): Response {
  c.header('x-accel-buffering', 'no');
  return streamSSE(c, async (stream) => {
    const closed = new AbortController();
    let wake: () => void = () => undefined;
    const unsubscribe = recording.subscribe(() => wake());
    stream.onAbort(() => {
      closed.abort();
      wake();
    });
    let cursor = after;
    try {
      if (after > recording.seq()) return await stream.writeSSE({ event: 'reset', data: '{}' });
      await stream.write(': begin\n\n');
      while (!closed.signal.aborted) {
        const grown = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const next = await sendBatch(stream, recording, cursor);
        if (next === null) return;
        const isBehind = next.isBehind;
        cursor = next.cursor;
        if (isBehind || closed.signal.aborted) continue;
        const awake = new AbortController();
        const silence = sleepFor(clock, HEARTBEAT, awake.signal);
        const isQuiet = await Promise.race([
          grown.then(() => false),
          silence.then(
            () => true,
            () => false,
          ),
        ]);
        awake.abort();
        if (isQuiet) await stream.write(': alive\n\n');
      }
    } catch {
      // The store is closing, or the browser is gone; it reconnects with the id of its last entry.
    } finally {
      unsubscribe();
    }
  });
}

/** Sends one batch. Returns null when the browser has to load everything again. */
async function sendBatch(
  stream: SSEStreamingApi,
  recording: Recording,
  after: number,
): Promise<{ cursor: number; isBehind: boolean } | null> {
  const newest = recording.seq();
  await recording.durable();
  let cursor = after;
  let sent = 0;
  for await (const entry of recording.read({ after, limit: BATCH })) {
    if (sent === 0 && after > 0 && entry.seq > after + 1) {
      await stream.writeSSE({ event: 'reset', data: '{}' });
      return null;
    }
    if (stream.aborted) break;
    await stream.writeSSE({ id: String(entry.seq), event: 'entry', data: JSON.stringify(entry) });
    cursor = entry.seq;
    sent += 1;
  }
  // An entry that cannot be read is skipped: otherwise the reader would wait for ever.
  if (sent < BATCH) cursor = Math.max(cursor, newest);
  return { cursor, isBehind: recording.seq() > cursor };
}
