import type { Clock } from '../../src/clock.ts';

interface Sleeper {
  at: number;
  /** Two that wait for the same instant wake in the order in which they began to wait. */
  order: number;
  /** Cleared when it is called off. */
  wake: (() => void) | null;
}

/** Time that moves only from one waiter to the next; epoch ms. */
export class SimulatedClock implements Clock {
  #now: number;
  #order = 0;
  /** A binary heap, the earliest first. */
  readonly #heap: Sleeper[] = [];

  constructor(start: number) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (at <= this.#now) return resolve();
      this.#order += 1;
      const sleeper: Sleeper = { at, order: this.#order, wake: null };
      const callOff = () => {
        sleeper.wake = null;
        reject(signal?.reason);
      };
      sleeper.wake = () => {
        signal?.removeEventListener('abort', callOff);
        resolve();
      };
      signal?.addEventListener('abort', callOff, { once: true });
      this.#push(sleeper);
    });
  }

  /** Moves to the next instant that somebody waits for and wakes one who does; false when nobody waits. */
  step(): boolean {
    for (let next = this.#pop(); next; next = this.#pop()) {
      if (next.wake === null) continue;
      this.#now = next.at;
      next.wake();
      return true;
    }
    return false;
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

function isBefore(one: Sleeper | undefined, other: Sleeper | undefined): boolean {
  if (!one || !other) return one !== undefined;
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** Everything that needs no time has happened: Node runs all microtasks before the next macrotask. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
