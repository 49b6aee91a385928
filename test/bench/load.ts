import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';

export interface Load {
  url: string;
  /** Sent in turn, each time with another delivery id. */
  deliveries: readonly { body: string; headers: Record<string, string> }[];
  /** Requests in flight at once. */
  connections: number;
  ms: number;
}

export interface LoadResult {
  /** Responses per second. */
  rate: number;
  /** Milliseconds of each request. */
  times: number[];
}

/** Sends webhooks as fast as the responses come. Throws when one is not accepted. */
export async function load({ url, deliveries, connections, ms }: Load): Promise<LoadResult> {
  const pool = new Pool(new URL(url).origin, { connections, pipelining: 1 });
  const times: number[] = [];
  const began = performance.now();
  let sent = 0;
  const one = async () => {
    const { body, headers } = deliveries[sent % deliveries.length] ?? { body: '', headers: {} };
    sent += 1;
    const from = performance.now();
    const answer = await pool.request({
      path: '/webhook',
      method: 'POST',
      headers: { ...headers, 'x-github-delivery': randomUUID() },
      body,
    });
    await answer.body.dump();
    if (answer.statusCode >= 300) throw new Error(`a webhook was answered with ${answer.statusCode}`);
    times.push(performance.now() - from);
  };
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - began < ms) await one();
    }),
  );
  const seconds = (performance.now() - began) / 1000;
  await pool.close();
  return { rate: times.length / seconds, times };
}
