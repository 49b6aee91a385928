import type { RunnerScope } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import { scopeName } from '../github/runners/runner-scope.ts';

/** Whether a create was sent whose result this process does not know (yet). */
type Outcome = 'none' | 'inFlight' | 'unknown';

/**
 * The name under which a registration is kept. A VM bears the name of its first runner, and GitHub's names are unique only
 * within a scope: one key for two of them would let the end of one stand for the end of the other.
 */
export function registrationKey(scope: RunnerScope, runnerName: string): string {
  return `${scopeName(scope)} ${runnerName}`;
}

/** Where it is written down that a create is about to be sent. */
export interface CreateLedger {
  /** `at`: epoch ms. `uptime`: seconds for which the server that is asked had been up; null when that is not known. */
  put(name: string, at: number, uptime: number | null): void;
  delete(name: string): void;
  /** Epoch ms right before it was sent; null when none was sent whose answer is not known. */
  sentAt(name: string): number | null;
  /** What was put with the name; null when nothing was. */
  uptimeAtSend(name: string): Promise<number | null>;
  /** Resolves when what was put is on disk. */
  durable(): Promise<void>;
}

/**
 * The creates that are in flight or whose outcome is unknown: `POST /vms`, a clone and `generate-jitconfig`, which make
 * a second thing when they are repeated. Leaving a state abandons its effect, but the server finishes such a request
 * all the same, so it is awaited here to its end, and the teardown waits for that end. When the response was lost, or a
 * process ended between sending and answer, the outcome is `unknown`, and the thing is looked for as long as it may still
 * appear. That a create is sent is on disk before it is: what is not written down was never sent.
 */
export class PendingCreates {
  readonly #inFlight = new Map<string, Promise<unknown>>();
  /** Name to the instant (epoch ms) after which the create can have no effect any more. */
  readonly #unknownUntil = new Map<string, number>();
  readonly #clock: Clock;
  readonly #mayAppearFor: number;
  readonly #ledger: CreateLedger;

  /** `mayAppearFor`: milliseconds within which a create whose response was lost takes effect or never will. */
  constructor(clock: Clock, mayAppearFor: number, ledger: CreateLedger) {
    this.#clock = clock;
    this.#mayAppearFor = mayAppearFor;
    this.#ledger = ledger;
  }

  /**
   * Sends a create under a name, or joins the one that is in flight under it already. The signal ends the caller's
   * wait only, never the request.
   */
  send<T>(
    name: string,
    create: () => Promise<T>,
    {
      isAmbiguous,
      signal,
      uptime = null,
    }: { isAmbiguous(error: unknown): boolean; signal: AbortSignal; uptime?: number | null },
  ): Promise<T> {
    const known = this.#inFlight.get(name) as Promise<T> | undefined;
    if (known) return untilAborted(known, signal);
    this.#ledger.put(name, this.#clock.now(), uptime);
    const sent = this.#ledger
      .durable()
      .then(create)
      .then(
        (value) => {
          this.forget(name);
          return value;
        },
        (error: unknown) => {
          if (isAmbiguous(error)) this.assumeUnknown(name, this.#clock.now() + this.#mayAppearFor);
          else this.#ledger.delete(name);
          throw error;
        },
      )
      .finally(() => this.#inFlight.delete(name));
    this.#inFlight.set(name, sent);
    return untilAborted(sent, signal);
  }

  outcome(name: string): Outcome {
    if (this.#inFlight.has(name)) return 'inFlight';
    return this.#clock.now() < (this.#unknownUntil.get(name) ?? 0) ? 'unknown' : 'none';
  }

  /** Epoch ms right before a create was sent whose answer is not known; null when none was. */
  sentAt(name: string): number | null {
    return this.#ledger.sentAt(name);
  }

  /** Seconds for which the server had been up before a create was sent whose answer is not known; null when unknown. */
  uptimeAtSend(name: string): Promise<number | null> {
    return this.#ledger.uptimeAtSend(name);
  }

  /** A create of an earlier process may have been sent. */
  assumeUnknown(name: string, until: number): void {
    this.#unknownUntil.set(name, until);
  }

  /** Resolves when no create is in flight under the name, however it ended. */
  async finished(name: string, signal: AbortSignal): Promise<void> {
    const sent = this.#inFlight.get(name);
    if (sent)
      await untilAborted(
        sent.catch(() => undefined),
        signal,
      );
  }

  /** Resolves when no create is in flight at all; the daemon waits for that when it stops. */
  async allFinished(): Promise<void> {
    await Promise.allSettled(this.#inFlight.values());
  }

  /** What was looked for is there, is gone, or was proven never to appear. */
  forget(name: string): void {
    this.#unknownUntil.delete(name);
    this.#ledger.delete(name);
  }
}

/**
 * Stops waiting for a promise, not the promise itself, when the signal fires. A rejection that comes after that is
 * handled here: an unhandled rejection would end the daemon.
 */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}
