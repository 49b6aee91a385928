import { Stop } from '../../stop.ts';
import type { Lease } from '../../store/postgres/lease.ts';
import type { Ports } from '../outside/ports.ts';

type Held = Pick<Lease, 'isHeld' | 'confirm' | 'lose'>;

/** The request was not sent, or was given up: this controller is not the active one. */
const NOT_ACTIVE = new Error('this controller is not the active one, so it sends nothing');

const READS = ['GET', 'HEAD'];

/**
 * Lets requests of one active time pass while its lease is held. It stands where requests leave the process, behind
 * every queue and every pause, so no part of the daemon has to stop in time for the law to hold: an actor that is
 * stopped late, or a process that was frozen, sends nothing.
 *
 * A request that changes something also waits until the database has confirmed the epoch. So the collector, base
 * VMs, pulls and requests for redelivery, which have no record of their own, are as safe as what a record orders.
 */
export class LeaseGuard {
  #lease: Held | null = null;
  readonly #closed = new Stop();

  open(lease: Held): void {
    this.#lease = lease;
  }

  /** Nothing passes any more, and requests under way are given up: whether they took effect is unknown. */
  close(): void {
    this.#closed.abort(NOT_ACTIVE);
  }

  /** The ports of the active time: each request passes the guard. */
  ports(real: Ports): Ports {
    const guarded =
      (send: typeof fetch): typeof fetch =>
      (input, init) =>
        this.#pass(!READS.includes(init?.method?.toUpperCase() ?? 'GET'), init?.signal, (signal) =>
          send(input, { ...init, signal }),
        );
    return {
      ...real,
      agentSender: () => {
        // The guard lets a request pass before its connection is made, and a freeze may come in between.
        const sender = real.agentSender(() => this.#mayLeave());
        return {
          send: (message) =>
            this.#pass(!READS.includes(message.method), message.signal, (signal) =>
              sender.send({ ...message, signal }),
            ),
          close: () => sender.close(),
        };
      },
      fetch: guarded(real.fetch),
      proxyFor: (url, env) => {
        const proxy = real.proxyFor(url, env);
        return proxy && { ...proxy, fetch: guarded(proxy.fetch) };
      },
      openGuest: async (options) => {
        // The address is asked for before the login begins, and a freeze may come in between.
        const address = async () => {
          const found = await options.address();
          return this.#mayLeave() ? found : Promise.reject(NOT_ACTIVE);
        };
        const login = await this.#pass(false, options.signal, (signal) =>
          real.openGuest({ ...options, address, signal }),
        );
        return {
          hostKey: login.hostKey,
          // A script may start the runner.
          run: (script, run = {}) =>
            this.#pass(true, run.signal, (signal) => login.run(script, { ...run, signal })),
          isOpen: () => login.isOpen(),
          close: () => login.close(),
        };
      },
    };
  }

  async #pass<T>(
    isChange: boolean,
    outer: AbortSignal | null | undefined,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const stop = new AbortController();
    const onClose = () => stop.abort(NOT_ACTIVE);
    const onAbort = () => stop.abort(outer?.reason);
    if (outer?.aborted) onAbort();
    if (this.#closed.signal.aborted) onClose();
    outer?.addEventListener('abort', onAbort, { once: true });
    this.#closed.signal.addEventListener('abort', onClose, { once: true });
    try {
      if (isChange) await this.#lease?.confirm(stop.signal);
      stop.signal.throwIfAborted();
      if (!this.#mayLeave()) throw NOT_ACTIVE;
      return await send(stop.signal);
    } finally {
      outer?.removeEventListener('abort', onAbort);
      this.#closed.signal.removeEventListener('abort', onClose);
    }
  }

  /**
   * A lease that has ended is lost before the request fails. After a freeze a request may be the first to find that,
   * and nobody else may have taken it: the failure would be stored as one of the host.
   */
  #mayLeave(): boolean {
    const isHeld = this.#lease?.isHeld() === true;
    if (!isHeld) this.#lease?.lose('notRenewed');
    return isHeld;
  }
}
