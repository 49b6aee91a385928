import { connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { StagedDaemon } from '../page/staged-daemon.ts';

let daemon: StagedDaemon;
beforeEach(async () => {
  daemon = await StagedDaemon.start();
});
afterEach(() => daemon.close());

const note = (event: string, padding = '') =>
  daemon.journal.write({
    ...{ kind: 'order', at: 1, actor: 'a', jobId: 0, attempt: 0, host: null, event, from: '', to: '' },
    detail: { padding },
  });

/** Reads events until `enough`, then closes the connection. */
async function read(after: number, enough: (ids: number[]) => boolean) {
  const stop = new AbortController();
  const response = await fetch(`${daemon.url}/api/events`, {
    headers: { 'last-event-id': String(after) },
    signal: stop.signal,
  });
  const ids: number[] = [];
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      if (part.startsWith('event: reset')) return { ids, reset: true };
      const id = /^id: (\d+)$/m.exec(part)?.[1];
      if (id) ids.push(Number(id));
    }
    if (enough(ids)) break;
  }
  stop.abort();
  return { ids, reset: false };
}

test('a client that disconnects and reconnects again and again gets every entry once and in order', async () => {
  const seen: number[] = [];
  let written = 0;
  let last = 1;
  while (seen.length < 600) {
    for (let n = 0; n < 40 && written < 600; n += 1, written += 1) note(`e${written}`);
    const wanted = last + 7 + (seen.length % 90);
    const more = read(last, (ids) => (ids.at(-1) ?? 0) >= Math.min(wanted, 601));
    for (let n = 0; n < 60 && written < 600; n += 1, written += 1) note(`e${written}`);
    const { ids } = await more;
    seen.push(...ids);
    last = seen.at(-1) ?? last;
  }
  expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 2));
});

test('a client whose last entry this store does not have gets a reset', async () => {
  note('one');
  expect(await read(1_000_000, () => false)).toEqual({ ids: [], reset: true });
});

test('a client that reads nothing costs no memory and delays no other client', async () => {
  const { port } = new URL(daemon.url);
  const lazy = connect(Number(port), '127.0.0.1');
  lazy.pause();
  lazy.write('GET /api/events?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  const before = process.memoryUsage().rss;
  const began = performance.now();
  const padding = 'x'.repeat(2_000);
  for (let n = 0; n < 20_000; n += 1) {
    note(`e${n}`, padding);
    if (n % 500 === 0) await daemon.store.durable();
  }
  await daemon.store.durable();
  const { ids } = await read(19_990, (got) => got.length >= 10);
  expect(ids.length).toBeGreaterThanOrEqual(10);
  const took = performance.now() - began;
  lazy.destroy();
  console.info(
    `20,000 entries (40 MB) beside a browser that reads nothing: ${took.toFixed(0)} ms, RSS grew by ${((process.memoryUsage().rss - before) / 1e6).toFixed(0)} MB (the store is in memory)`,
  );
  expect(took).toBeLessThan(15_000);
});
