import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give out by themselves: in between, nobody else is given a port that its owner lets go of for a while. */
const LOWEST = 20_000;
const COUNT = 10_000;
const MOST_TRIES = 100;

/**
 * A loopback port that nobody listens on now; a process that is killed and restarted needs the same one again.
 * `random` is in [0, 1).
 */
export async function freePort(random: () => number): Promise<number> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const port = LOWEST + Math.floor(random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${LOWEST} to ${LOWEST + COUNT} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
