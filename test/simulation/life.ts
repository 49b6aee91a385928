import { setMaxListeners } from 'node:events';
import type { Clock } from '../../src/clock.ts';
import { SteadyClock } from '../../src/steady-clock.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import type { SettableTime } from '../support/settable-time.ts';

/**
 * One process of the daemon. After its death nothing that it waited for arrives: no timer, no response, no
 * write. What remains of it can be garbage-collected, since nothing waits for it. While it sleeps, like a
 * stopped process, everything that arrives waits until it wakes.
 */
export class Life {
  /** Aborted when the process dies: its sockets are closed. */
  readonly #end = new AbortController();
  readonly clock: Clock;
  /** The requests to agents that are under way. */
  readonly #stops = new Set<Stop>();
  /** Resolves when the process wakes; null while it is awake. */
  #sleep: Promise<void> | null = null;

  /** `timersLast`: what arrived while it slept comes before the timers that fell due, as it may in a real process. */
  constructor({ wall, elapsed, ring }: SettableTime, timersLast = false) {
    // Each request under way listens to it; Node warns of more than ten listeners.
    setMaxListeners(0, this.ended);
    this.clock = new SteadyClock({
      wall,
      elapsed,
      ring: (ms, wake) =>
        ring(ms, () => {
          if (timersLast && this.#sleep) void this.#sleep.then(() => ring(1, () => this.#deliver(wake)));
          else this.#deliver(wake);
        }),
    });
  }

  get isAsleep(): boolean {
    return this.#sleep !== null;
  }

  /** Puts the process to sleep until `woken` resolves. */
  sleep(woken: Promise<void>): void {
    const sleep = woken.then(() => {
      if (this.#sleep === sleep) this.#sleep = null;
    });
    this.#sleep = sleep;
  }

  /** Runs a callback of the process: now, when it wakes, or never. */
  #deliver(what: () => void): void {
    if (!this.isAlive) return;
    if (this.#sleep === null) what();
    else void this.#sleep.then(() => this.#deliver(what));
  }

  get isAlive(): boolean {
    return !this.#end.signal.aborted;
  }

  get ended(): AbortSignal {
    return this.#end.signal;
  }

  /** Passes a result on while the process lives. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(
        (value) => this.#deliver(() => resolve(value)),
        (error: unknown) => this.#deliver(() => reject(error)),
      );
    });
  }

  /** Tells a request when the process dies, until it is released; a listener at the signal costs more. */
  tell(stop: Stop): void {
    this.#stops.add(stop);
  }

  release(stop: Stop): void {
    this.#stops.delete(stop);
  }

  die(): void {
    this.#end.abort(new Error('the daemon died'));
    for (const stop of [...this.#stops]) stop.end(this.ended.reason);
  }
}

/**
 * What ends a request: the end of its life or its own signal, whichever comes first, with that reason. A
 * signal combined from the two would cost more than most requests.
 */
export class Stop {
  readonly #life: Life;
  readonly #own: AbortSignal | null;
  #told: (reason: unknown) => void = () => undefined;

  constructor(life: Life, own: AbortSignal | null) {
    this.#life = life;
    this.#own = own;
    life.tell(this);
    own?.addEventListener('abort', this);
  }

  handleEvent({ target }: Event): void {
    this.end((target as AbortSignal).reason);
  }

  end(reason: unknown): void {
    this.letGo();
    this.#told(reason);
  }

  /** Calls this function, and no longer the one that was given before. */
  whenStopped(told: (reason: unknown) => void): void {
    this.#told = told;
    for (const signal of [this.#life.ended, this.#own]) if (signal?.aborted) told(signal.reason);
  }

  sleepUntil(clock: ManualClock, at: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let callOff = () => {};
      this.whenStopped((reason) => {
        callOff();
        reject(reason);
      });
      if (at <= clock.now()) resolve();
      else callOff = clock.alarm(at, resolve);
    });
  }

  letGo(): void {
    this.#life.release(this);
    this.#own?.removeEventListener('abort', this);
  }
}

/**
 * A signal that aborts as the first of the given ones does, until it is released. A signal of AbortSignal.any
 * is kept in memory with all its listeners while one of its sources may abort: each request would stay in
 * memory until its daemon dies.
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

/** A promise that never resolves, for callers in a dead process. */
export const never = <T>(): Promise<T> => new Promise(() => undefined);
