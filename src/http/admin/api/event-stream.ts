import type { Context } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { type Clock, sleepFor } from '../../../clock.ts';
import type { Recording } from '../../../journal/recording.ts';

/** Entries read at once: what a browser that reads slowly costs us. */
const PIECE = 200;
/** Milliseconds between signs of life, without which proxies hang up. */
const PULSE = 15_000;

/**
 * The journal as server-sent events from after an entry on, each with its number as id. It is read from the store
 * at the browser's own pace: a slow one delays nobody and nothing is kept for it, and one that comes back goes on
 * exactly where it was. Where that has been forgotten meanwhile, `reset` tells it to load anew.
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
        const next = await sendFrom(stream, recording, cursor);
        if (next === null) return;
        const isBehind = next.isBehind;
        cursor = next.cursor;
        if (isBehind || closed.signal.aborted) continue;
        const pulse = new AbortController();
        const rest = sleepFor(clock, PULSE, AbortSignal.any([pulse.signal, closed.signal]));
        const isQuiet = await Promise.race([
          grown.then(() => false),
          rest.then(
            () => true,
            () => false,
          ),
        ]);
        pulse.abort();
        if (isQuiet) await stream.write(': alive\n\n');
      }
    } catch {
      // The store is closing, or the browser is gone: it asks again where it was.
    } finally {
      unsubscribe();
    }
  });
}

/** Sends one piece; null when the browser has to begin anew. */
async function sendFrom(
  stream: SSEStreamingApi,
  recording: Recording,
  after: number,
): Promise<{ cursor: number; isBehind: boolean } | null> {
  const newest = recording.seq();
  await recording.durable();
  let cursor = after;
  let sent = 0;
  for await (const entry of recording.read({ after, limit: PIECE })) {
    if (sent === 0 && after > 0 && entry.seq > after + 1) {
      await stream.writeSSE({ event: 'reset', data: '{}' });
      return null;
    }
    if (stream.aborted) break;
    await stream.writeSSE({ id: String(entry.seq), event: 'entry', data: JSON.stringify(entry) });
    cursor = entry.seq;
    sent += 1;
  }
  // An entry that cannot be read is passed over, or its reader would wait for it for ever.
  if (sent < PIECE) cursor = Math.max(cursor, newest);
  return { cursor, isBehind: recording.seq() > cursor };
}
