import { setMaxListeners } from 'node:events';
import type { Clock } from '../../src/clock.ts';

/**
 * One process of the daemon. After its death nothing that it waited for ever comes: no timer, no answer, no write. What
 * is left of it can be collected, since nobody waits for it either.
 */
export class Life {
  /** Aborted when it dies: its sockets are closed. */
  readonly #end = new AbortController();
  readonly clock: Clock;

  constructor(clock: Clock) {
    // Each request that is under way listens to it; Node warns of more than ten.
    setMaxListeners(0, this.ended);
    this.clock = {
      now: () => clock.now(),
      sleepUntil: (at, signal) => this.guard(clock.sleepUntil(at, signal)),
    };
  }

  get isAlive(): boolean {
    return !this.#end.signal.aborted;
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Passes a result on as long as it lives. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => this.isAlive && resolve(value),
        (error: unknown) => this.isAlive && reject(error),
      );
    });
  }

  die(): void {
    this.#end.abort(new Error('the daemon died'));
  }
}

/**
 * A signal that aborts as the first of the given ones does, until it is let go. What AbortSignal.any makes is kept
 * with all its listeners for as long as one of its sources may abort: a request would cost until its daemon dies.
 */
export function firstOf(...signals: (AbortSignal | null | undefined)[]) {
  const first = new AbortController();
  const given = signals.filter((signal) => signal !== null && signal !== undefined);
  const letGo = () => {
    for (const signal of given) signal.removeEventListener('abort', abort);
  };
  const abort = (event: Event) => {
    letGo();
    first.abort((event.target as AbortSignal).reason);
  };
  const aborted = given.find((signal) => signal.aborted);
  if (aborted) first.abort(aborted.reason);
  else for (const signal of given) signal.addEventListener('abort', abort);
  return { signal: first.signal, letGo };
}

/** What a dead process gets. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);
