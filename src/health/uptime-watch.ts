import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import type { HealthScope } from './health.ts';

export interface UptimeWatchOptions {
  /** The Macs that have run for too long. */
  long(): HealthScope[];
  clock: Clock;
  log: Logger;
}

/** Milliseconds between two warnings about the same Mac. */
const INTERVAL = 12 * 3_600_000;

/** Milliseconds until the first look: by then each host was looked at. */
const FIRST = 60_000;

/** Warns in the log of Macs that have to be restarted: who reads only the log hears of it in time, too. */
export class UptimeWatch {
  readonly #options: UptimeWatchOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(options: UptimeWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#running;
  }

  async #run(): Promise<void> {
    const { long, clock, log } = this.#options;
    const { signal } = this.#stopped;
    for (let pause = FIRST; ; pause = INTERVAL) {
      await sleepFor(clock, pause, signal).catch(() => undefined);
      if (signal.aborted) return;
      for (const { name, sentence, whoActs } of long()) log.warn({ host: name }, `${sentence} ${whoActs}`);
    }
  }
}
