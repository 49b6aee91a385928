import type { RunnerScope } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import { scopeName } from '../github/runners/runner-scope.ts';

/** Whether a create was sent whose result this process does not know, or does not know yet. */
type Outcome = 'none' | 'inFlight' | 'unknown';

/**
 * Returns the key under which a registration is stored. A VM has the name of its first runner, and GitHub's names are
 * unique only within a scope. With one key for both, the end of the one would count as the end of the other.
 */
export function registrationKey(scope: RunnerScope, runnerName: string): string {
  return `${scopeName(scope)} ${runnerName}`;
}

/** Stores that a create is about to be sent. */
export interface CreateLedger {
  /**
   * `at`: epoch ms. `uptime`: seconds for which the called server had been up; null when that is not known.
   */
  put(name: string, at: number, uptime: number | null): void;
  delete(name: string): void;
  /** Epoch ms right before the create was sent; null unless one was sent and its response is not known. */
  sentAt(name: string): number | null;
  /** The uptime (seconds) that was put with the name; null when none was. */
  uptimeAtSend(name: string): number | null;
  /** Resolves when what was put is on disk. */
  durable(): Promise<void>;
}

/**
 * The creates that are in flight or whose outcome is unknown: `POST /vms`, a clone and `generate-jitconfig`,
 * which make a second VM or runner when they are repeated. Leaving a state abandons its effect, but the server still
 * finishes the request, so this class waits for its end, and the teardown waits for that. When the response
 * was lost, or the process ended before it came, the outcome is `unknown`, and the created thing is looked
 * for as long as it may still appear. Each create is stored on disk before it is sent: a create that is not
 * stored was never sent.
 */
export class PendingCreates {
  readonly #inFlight = new Map<string, { sent: Promise<unknown>; callers: AbortSignal[] }>();
  /** Name to the instant (epoch ms) after which the create can have no effect any more. */
  readonly #unknownUntil = new Map<string, number>();
  readonly #clock: Clock;
  readonly #mayAppearFor: () => number;
  readonly #ledger: CreateLedger;

  /**
   * `mayAppearFor`: returns the milliseconds after which a create whose response was lost can no longer take
   * effect; a reload of the config may change them.
   */
  constructor(clock: Clock, mayAppearFor: () => number, ledger: CreateLedger) {
    this.#clock = clock;
    this.#mayAppearFor = mayAppearFor;
    this.#ledger = ledger;
  }

  /**
   * Sends a create under a name, or waits for the one already in flight under that name. The signal ends only
   * the caller's wait, never a request that was sent. While the disk writes, which may take long, a record may
   * stop to order the create: when all callers have left by then, it is not sent.
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
    const known = this.#inFlight.get(name);
    if (known) {
      known.callers.push(signal);
      return untilAborted(known.sent as Promise<T>, signal);
    }
    this.#ledger.put(name, this.#clock.now(), uptime);
    const callers = [signal];
    let isCalledOff = false;
    const sent = this.#ledger
      .durable()
      .then(() => {
        if (callers.some(({ aborted }) => !aborted)) return create();
        isCalledOff = true;
        // A caller that comes from now on sends a create of its own.
        this.#inFlight.delete(name);
        this.#ledger.delete(name);
        throw new Error(`the create of ${name} was called off before it was sent`);
      })
      .then(
        (value) => {
          this.forget(name);
          return value;
        },
        (error: unknown) => {
          if (isCalledOff) throw error;
          if (isAmbiguous(error)) this.assumeUnknown(name, this.#clock.now() + this.#mayAppearFor());
          else this.#ledger.delete(name);
          throw error;
        },
      )
      .finally(() => isCalledOff || this.#inFlight.delete(name));
    this.#inFlight.set(name, { sent, callers });
    return untilAborted(sent, signal);
  }

  outcome(name: string): Outcome {
    if (this.#inFlight.has(name)) return 'inFlight';
    return this.#clock.now() < (this.#unknownUntil.get(name) ?? 0) ? 'unknown' : 'none';
  }

  /** Epoch ms right before the create was sent; null unless one was sent and its response is not known. */
  sentAt(name: string): number | null {
    return this.#ledger.sentAt(name);
  }

  /** Seconds for which the server had been up before the create was sent; null when unknown. */
  uptimeAtSend(name: string): number | null {
    return this.#ledger.uptimeAtSend(name);
  }

  /**
   * Notes that a create of an earlier process may have been sent; it may take effect until `until` (epoch
   * ms).
   */
  assumeUnknown(name: string, until: number): void {
    this.#unknownUntil.set(name, until);
  }

  /** Resolves when no create is in flight under the name, however it ended. */
  async finished(name: string, signal: AbortSignal): Promise<void> {
    const inFlight = this.#inFlight.get(name);
    if (inFlight)
      await untilAborted(
        inFlight.sent.catch(() => undefined),
        signal,
      );
  }

  /** Resolves when no create is in flight at all; the daemon waits for that when it stops. */
  async allFinished(): Promise<void> {
    await Promise.allSettled([...this.#inFlight.values()].map(({ sent }) => sent));
  }

  /** The created thing is there, is gone, or was proven never to appear. */
  forget(name: string): void {
    this.#unknownUntil.delete(name);
    this.#ledger.delete(name);
  }
}

/**
 * Stops waiting for a promise when the signal fires; the promise itself goes on. A later rejection is handled
 * here: an unhandled rejection would end the daemon.
 */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    if (signal.aborted) abort();
  });
}
