import type pg from 'pg';
import type { OpenPool } from '../../../src/store/postgres/pool.ts';
import type { Row } from '../../../src/store/postgres/writer.ts';
import { type Life, never } from '../life.ts';
import type { SimulatedServer } from './simulated-server.ts';

/** Milliseconds, as in `src/store/postgres/pool.ts`. */
const CONNECT_DEADLINE = 5_000;
const DEADLINE = 15_000;

const refused = (message: string, code?: string) => Object.assign(new Error(message), { code });

/** Does a piece of work of a process, at which it may die or be stopped. */
type Pass = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/**
 * Returns the pools of connections of one process, as the client library behaves: at most so many statements at once;
 * a statement that is not answered in time is given up with its connection, and goes on in the network or in the
 * server.
 */
export function simulatedPools(server: SimulatedServer, life: Life, pass: Pass): OpenPool {
  return (_url, max, deadline = DEADLINE) => {
    const pool = new SimulatedPool(server, life, max, deadline);
    const query = async (text: string, values: unknown[] = []) => {
      const rows = () => pool.query(text, values);
      return { rows: await (text.startsWith('with fence') ? pass('a batch', rows) : rows()) };
    };
    return { query, on: () => undefined, end: () => Promise.resolve() } as unknown as pg.Pool;
  };
}

class SimulatedPool {
  readonly #server: SimulatedServer;
  readonly #life: Life;
  readonly #max: number;
  readonly #deadline: number;
  #busy = 0;
  /** By connection that nothing uses: the run of the server to which it leads. */
  #idle: number[] = [];
  #queue: (() => void)[] = [];

  constructor(server: SimulatedServer, life: Life, max: number, deadline: number) {
    this.#server = server;
    this.#life = life;
    this.#max = max;
    this.#deadline = deadline;
  }

  async query(text: string, values: unknown[]): Promise<Row[]> {
    if (!this.#life.isAlive) return never();
    await this.#turn();
    try {
      const { run } = this.#server;
      // The server told its clients when it stopped.
      const isConnected = this.#idle.splice(0, 1)[0] === run;
      if (!isConnected)
        await this.#within(
          this.#connectDeadline,
          this.#server.connect(),
          'timeout exceeded when trying to connect',
        );
      const rows = await this.#within(
        this.#deadline,
        this.#server.ask(text, values, this.#life),
        'Query read timeout',
      );
      this.#idle.push(run);
      return rows;
    } finally {
      this.#busy -= 1;
      this.#queue.shift()?.();
    }
  }

  get #connectDeadline(): number {
    return Math.min(CONNECT_DEADLINE, this.#deadline);
  }

  async #turn(): Promise<void> {
    if (this.#busy >= this.#max) {
      let enter = () => {};
      const turn = new Promise<void>((resolve) => {
        enter = resolve;
        this.#queue.push(enter);
      });
      try {
        await this.#within(this.#connectDeadline, turn, 'timeout exceeded when trying to connect');
      } catch (error) {
        this.#queue = this.#queue.filter((one) => one !== enter);
        throw error;
      }
    }
    this.#busy += 1;
  }

  /** What arrives passes through the process: it may be stopped or dead by then. */
  #within<T>(ms: number, work: Promise<T>, late: string): Promise<T> {
    const { clock } = this.#life;
    return new Promise((resolve, reject) => {
      const callOff = clock.alarm(clock.now() + ms, () => reject(refused(late)));
      this.#life.guard(work).then(
        (done) => {
          callOff();
          resolve(done);
        },
        (error: unknown) => {
          callOff();
          reject(error);
        },
      );
    });
  }
}
