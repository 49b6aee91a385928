import { type Clock, sleepFor } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { GuestLogin } from './guest-session.ts';
import type { GuestOptions } from './open-guest.ts';

/** Logs in, or shares a login that is there. Rejects with GUEST_* failures. */
export type OpenGuest = (options: GuestOptions) => Promise<GuestLogin>;

/** Milliseconds for which a login that nobody uses is kept: long enough for the next step of a job. */
const KEPT = 30_000;

interface Kept {
  login: GuestLogin;
  users: number;
  /** Nobody is to begin anything on it any more. */
  isSpent: boolean;
  /** Calls off its end. */
  idle: AbortController;
}

/**
 * Lets the steps of a job share one login: each costs a key exchange, and the guest a process. A login serves whoever asks for the same port *and* the same pinned host key, so a port that went to
 * another VM finds none. One that turns out to be broken is not used again.
 */
export class KeptGuests {
  readonly #openGuest: OpenGuest;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  #isClosed = false;

  constructor(openGuest: OpenGuest, clock: Clock) {
    this.#openGuest = openGuest;
    this.#clock = clock;
  }

  /** As `openGuest`; the login's `close` gives it back. */
  open = async (options: GuestOptions): Promise<GuestLogin> => {
    options.signal?.throwIfAborted();
    const known = options.hostKey === null ? undefined : this.#kept.get(keyOf(options, options.hostKey));
    if (known?.login.isOpen()) return this.#lend(known, options);
    const login = await this.#openGuest(options);
    const kept = { login, users: 0, isSpent: false, idle: new AbortController() };
    const key = keyOf(options, login.hostKey);
    const other = this.#kept.get(key);
    if (other && !other.login.isOpen()) this.#spend(key, other);
    if (this.#isClosed || this.#kept.has(key)) kept.isSpent = true;
    else this.#kept.set(key, kept);
    return this.#lend(kept, options);
  };

  /** Ends what is idle at once, and the rest when it is given back. */
  close(): void {
    this.#isClosed = true;
    for (const [key, kept] of this.#kept) this.#spend(key, kept);
  }

  #lend(kept: Kept, options: GuestOptions): GuestLogin {
    const key = keyOf(options, kept.login.hostKey);
    kept.users += 1;
    kept.idle.abort();
    let isBack = false;
    return {
      hostKey: kept.login.hostKey,
      run: async (script, run) => {
        try {
          return await kept.login.run(script, run);
        } catch (error) {
          if (hasCode(error, 'GUEST_UNREACHABLE')) this.#spend(key, kept);
          throw error;
        }
      },
      isOpen: () => kept.login.isOpen(),
      close: () => {
        if (isBack) return;
        isBack = true;
        kept.users -= 1;
        if (kept.isSpent) this.#spend(key, kept);
        else if (kept.users === 0) this.#endWhenIdle(key, kept);
      },
    };
  }

  #endWhenIdle(key: string, kept: Kept): void {
    kept.idle = new AbortController();
    sleepFor(this.#clock, KEPT, kept.idle.signal).then(
      () => this.#spend(key, kept),
      () => undefined,
    );
  }

  #spend(key: string, kept: Kept): void {
    kept.isSpent = true;
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    if (kept.users > 0) return;
    kept.idle.abort();
    kept.login.close();
  }
}

function keyOf({ address: { host, port }, user }: GuestOptions, hostKey: string): string {
  return `${user}@${host}:${port} ${hostKey}`;
}
