import type { Clock } from '../clock.ts';

/** How a call that must not be made twice ended, as far as this process knows. */
type Outcome = 'none' | 'running' | 'unknown';

/**
 * Calls that create something and cannot be repeated: `POST /vms` and `generate-jitconfig`. Leaving a state
 * abandons its effect, but such a call goes on at the other side, so it is let run to its end here and the
 * teardown waits for that end. After a restart, or when the answer got lost, the outcome is `unknown` and the
 * teardown looks for as long as the thing may still appear.
 */
export class UnconfirmedCalls {
  readonly #running = new Map<string, Promise<unknown>>();
  /** Name to the instant (epoch ms) after which the call can have no effect any more. */
  readonly #unknownUntil = new Map<string, number>();
  readonly #clock: Clock;
  readonly #settle: number;

  /** `settle`: milliseconds within which a call whose answer got lost takes effect or never will. */
  constructor(clock: Clock, settle: number) {
    this.#clock = clock;
    this.#settle = settle;
  }

  /** Makes the call under a name, or joins the one that runs under it already. */
  run<T>(name: string, call: () => Promise<T>, isAmbiguous: (error: unknown) => boolean): Promise<T> {
    const running = this.#running.get(name) as Promise<T> | undefined;
    if (running) return running;
    const made = call()
      .then(
        (value) => {
          this.#unknownUntil.delete(name);
          return value;
        },
        (error: unknown) => {
          if (isAmbiguous(error)) this.assumeUnknown(name, this.#clock.now() + this.#settle);
          throw error;
        },
      )
      .finally(() => this.#running.delete(name));
    this.#running.set(name, made);
    return made;
  }

  outcome(name: string): Outcome {
    if (this.#running.has(name)) return 'running';
    return this.#clock.now() < (this.#unknownUntil.get(name) ?? 0) ? 'unknown' : 'none';
  }

  /** A record of an earlier process says that this call may have been made. */
  assumeUnknown(name: string, until: number): void {
    this.#unknownUntil.set(name, until);
  }

  /** Resolves when no call runs under the name; its result is for whoever made it. */
  async ended(name: string, signal?: AbortSignal): Promise<void> {
    const running = this.#running.get(name);
    if (running)
      await untilAborted(
        running.catch(() => undefined),
        signal,
      );
  }

  /** Resolves when no call runs at all: the daemon stops only then, within its own patience. */
  async allEnded(): Promise<void> {
    await Promise.allSettled(this.#running.values());
  }

  forget(name: string): void {
    this.#unknownUntil.delete(name);
  }
}

/**
 * Stops waiting for a promise, not the promise itself, when the signal fires. However late that rejects, it is
 * handled here: an unhandled rejection would end the daemon.
 */
export function untilAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}
