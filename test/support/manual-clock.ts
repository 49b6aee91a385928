import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  at: number;
  /** Two sleepers for the same instant wake in the order in which they began to wait. */
  order: number;
  /** Null when the sleep was cancelled. */
  wake: (() => void) | null;
  /** Stops listening to the signal that may cancel the sleep. */
  letGo(): void;
}

const MOST_CALLED_OFF = 1_000;

/** Time that moves only when a test or a simulation moves it. Instants in epoch ms. */
export class ManualClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap, the earliest first. */
  #heap: Sleeper[] = [];
  /** How many sleepers were cancelled. */
  #calledOff = 0;

  constructor(start = Date.UTC(2026, 10, 24, 12)) {
    this.#now = start;
  }

  now = (): number => this.#now;

  systemAheadBy = (): number => 0;

  /** Instants at which a sleeper will wake, the earliest first. */
  get alarms(): number[] {
    return this.#heap
      .filter(({ wake }) => wake !== null)
      .map(({ at }) => at)
      .sort((a, b) => a - b);
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (at <= this.#now) return resolve();
      if (!signal) {
        this.alarm(at, resolve);
        return;
      }
      const letGo = () => signal.removeEventListener('abort', abort);
      const callOff = this.alarm(at, resolve, letGo);
      const abort = () => {
        callOff();
        letGo();
        reject(signal.reason);
      };
      signal.addEventListener('abort', abort);
    });
  }

  /** Calls `wake` at a future instant. The returned function cancels it, without a signal. */
  alarm(at: number, wake: () => void, letGo: () => void = () => undefined): () => void {
    this.#order += 1;
    const sleeper: Sleeper = { at, order: this.#order, wake, letGo };
    this.#push(sleeper);
    return () => {
      if (sleeper.wake === null) return;
      sleeper.wake = null;
      this.#calledOff += 1;
      if (this.#calledOff > MOST_CALLED_OFF && this.#calledOff > this.#heap.length / 2)
        this.#forgetCalledOff();
    };
  }

  /**
   * Removes cancelled sleepers: those with a far instant would fill the memory. A sorted array is a valid
   * heap.
   */
  #forgetCalledOff(): void {
    this.#heap = this.#heap.filter(({ wake }) => wake !== null).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#calledOff = 0;
  }

  /** Moves to the next instant for which a sleeper waits, and wakes one sleeper; false when none waits. */
  step(): boolean {
    const next = this.#next();
    if (!next) return false;
    this.#pop();
    this.#now = Math.max(this.#now, next.at);
    rouse(next);
    return true;
  }

  /** Moves at once, as if no code had run in between, and wakes every sleeper whose instant has come. */
  advance(ms: number): void {
    this.#now += ms;
    for (let next = this.#next(); next && next.at <= this.#now; next = this.#next()) {
      this.#pop();
      rouse(next);
    }
  }

  /**
   * Lets time pass: wakes one sleeper after the other; the consequences of each happen before the next one
   * wakes.
   */
  pass(ms: number): Promise<void> {
    return this.passUntil(this.#now + ms);
  }

  /** Like `pass`, but to an instant; a past instant only wakes sleepers that are late. */
  async passUntil(instant: number): Promise<void> {
    await settled();
    for (let next = this.#next(); next && next.at <= instant; next = this.#next()) {
      this.step();
      await settled();
    }
    this.#now = Math.max(this.#now, instant);
  }

  /** Lets as much time pass as the work needs, and returns its result. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = () => {
      isDone = true;
    };
    work.then(done, done);
    for (let waves = 0; waves < 10_000; waves += 1) {
      await settled();
      if (isDone) return work;
      if (!this.step()) throw new Error('the work waits for something other than time');
    }
    throw new Error('the work does not end');
  }

  /** The first sleeper that was not cancelled. */
  #next(): Sleeper | undefined {
    while (this.#heap[0]?.wake === null) {
      this.#pop();
      this.#calledOff -= 1;
    }
    return this.#heap[0];
  }

  /** No sleeper is woken any more. A signal that lives on would keep all sleepers in memory. */
  end(): void {
    for (const { letGo } of this.#heap.splice(0)) letGo();
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#heap;
    let place = heap.push(sleeper) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (!isBefore(sleeper, heap[parent])) break;
      heap[place] = heap[parent] as Sleeper;
      place = parent;
    }
    heap[place] = sleeper;
  }

  #pop(): Sleeper | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[place] = heap[child] as Sleeper;
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function rouse(sleeper: Sleeper): void {
  const { wake } = sleeper;
  sleeper.wake = null;
  sleeper.letGo();
  wake?.();
}

function isBefore(one: Sleeper | undefined, other: Sleeper | undefined): boolean {
  if (!one || !other) return one !== undefined;
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/**
 * Resolves when everything that needs no time has happened: Node runs all microtasks before the next
 * macrotask.
 */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
