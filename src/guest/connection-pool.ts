import { type Clock, sleepFor } from '../clock.ts';
import { hasCode } from '../errors.ts';
import type { GuestLogin } from './guest-session.ts';
import type { GuestOptions } from './open-guest.ts';

/** Logs in. Rejects with GUEST_* failures. */
export type OpenGuest = (options: GuestOptions) => Promise<GuestLogin>;

/** Milliseconds after which an idle connection is closed: long enough for the next step of a job. */
const IDLE_TIMEOUT = 30_000;

/** A reason for aborts: an abort without one creates an exception each time. */
const IN_USE = Symbol('in use');

interface Connection {
  login: GuestLogin;
  users: number;
  /** The connection is not given out again, and is closed when its last user releases it. */
  isDiscarded: boolean;
  /** Aborted when the connection is used again, which keeps it from being closed. */
  idle: AbortController;
}

/**
 * Lets the steps of a job share one login, since each login costs a key exchange, and the guest a process. A
 * connection belongs to one VM: while it is open, it leads to that VM, even when another VM got the port
 * since. A broken connection is discarded.
 */
export class ConnectionPool {
  readonly #openGuest: OpenGuest;
  readonly #clock: Clock;
  readonly #connections = new Map<string, Connection>();
  #isClosed = false;

  constructor(openGuest: OpenGuest, clock: Clock) {
    this.#openGuest = openGuest;
    this.#clock = clock;
  }

  /** Returns an open login, or logs in. Its `close` returns it to the pool. Rejects with GUEST_* failures. */
  acquire = async (options: GuestOptions): Promise<GuestLogin> => {
    options.signal?.throwIfAborted();
    const key = keyOf(options);
    const known = options.hostKey === null ? undefined : this.#connections.get(key);
    if (known?.login.isOpen()) return this.#loginOf(known, options);
    const login = await this.#openGuest(options);
    const connection = { login, users: 0, isDiscarded: false, idle: new AbortController() };
    const other = this.#connections.get(key);
    if (other) this.#discard(key, other);
    if (this.#isClosed) connection.isDiscarded = true;
    else this.#connections.set(key, connection);
    return this.#loginOf(connection, options);
  };

  /** Closes idle connections at once, and the others when they are released. */
  close(): void {
    this.#isClosed = true;
    for (const [key, connection] of this.#connections) this.#discard(key, connection);
  }

  #loginOf(connection: Connection, options: GuestOptions): GuestLogin {
    const key = keyOf(options);
    connection.users += 1;
    connection.idle.abort(IN_USE);
    let isReleased = false;
    return {
      hostKey: connection.login.hostKey,
      run: async (script, run) => {
        try {
          return await connection.login.run(script, run);
        } catch (error) {
          if (hasCode(error, 'GUEST_UNREACHABLE')) this.#discard(key, connection);
          throw error;
        }
      },
      isOpen: () => connection.login.isOpen(),
      close: () => {
        if (isReleased) return;
        isReleased = true;
        connection.users -= 1;
        if (connection.isDiscarded) this.#discard(key, connection);
        else if (connection.users === 0) this.#closeWhenIdle(key, connection);
      },
    };
  }

  #closeWhenIdle(key: string, connection: Connection): void {
    connection.idle = new AbortController();
    sleepFor(this.#clock, IDLE_TIMEOUT, connection.idle.signal).then(
      () => this.#discard(key, connection),
      () => undefined,
    );
  }

  #discard(key: string, connection: Connection): void {
    connection.isDiscarded = true;
    if (this.#connections.get(key) === connection) this.#connections.delete(key);
    if (connection.users > 0) return;
    connection.idle.abort(IN_USE);
    connection.login.close();
  }
}

function keyOf({ vmId, user }: GuestOptions): string {
  return `${user}@${vmId}`;
}
