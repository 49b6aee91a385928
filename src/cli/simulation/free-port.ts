import { listenProblem } from '../listen-problem.ts';

/** Below the ports that systems assign by themselves, so that a port stays free while its owner restarts. */
const FIRST_PORT = 20_000;
const PORT_COUNT = 10_000;
const MAX_TRIES = 100;

/**
 * Returns a free loopback port. Port 0 does not do: a process that is killed and restarted needs the same port again.
 * `random` is in [0, 1).
 */
export async function freePort(random: () => number): Promise<number> {
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const port = FIRST_PORT + Math.floor(random() * PORT_COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error(`no port of ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT} is free`);
}

/** Returns whether this user can listen on the loopback port now. */
export const isFree = async (port: number): Promise<boolean> =>
  (await listenProblem('127.0.0.1', port)) === null;
