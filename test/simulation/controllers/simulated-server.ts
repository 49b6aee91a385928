import type { Row } from '../../../src/store/postgres/writer.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import type { Chance } from '../chance.ts';
import { never } from '../life.ts';
import type { StatementChances } from './planned-controllers.ts';
import type { Road } from './road.ts';
import { CUT, type SimulatedDatabase } from './simulated-database.ts';

const REFUSED = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
const RESET = Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });

const NOTHING: StatementChances = { lost: 0, unanswered: 0, late: 0, lateBatches: 0 };

/** Milliseconds of one direction, and by which a statement may be late. */
const LONGEST_HOP = 3;
const LATEST = 30_000;

export interface SimulatedServerOptions {
  database: SimulatedDatabase;
  clock: ManualClock;
  roads: readonly Road[];
  chance: Chance;
  /** What may happen to a statement now. */
  chances(): StatementChances | null;
}

/** The database as one controller reaches it over the network. */
export class SimulatedServer {
  readonly #options: SimulatedServerOptions;

  constructor(options: SimulatedServerOptions) {
    this.#options = options;
  }

  /** Another number when the server was stopped meanwhile. */
  get run(): number {
    return this.#options.database.run;
  }

  async connect(): Promise<void> {
    await this.#hop();
    if (!this.#options.database.isUp) throw REFUSED;
    await this.#hop();
  }

  /**
   * Sends a statement and returns its result. It may be lost on its way there or back, or arrive late; what is in the
   * network when its client leaves arrives.
   */
  async ask(text: string, values: unknown[], taker: unknown): Promise<Row[]> {
    const { database, chance, chances } = this.#options;
    const { lost, unanswered, ...delays } = chances() ?? NOTHING;
    const late = delays.late + (text.startsWith('with fence') ? delays.lateBatches : 0);
    const drawn = lost + unanswered + late > 0 ? chance.next() : 1;
    const lose = (): Promise<never> => (chance.is(0.5) ? never() : Promise.reject(RESET));
    await this.#hop(
      drawn >= lost + unanswered && drawn < lost + unanswered + late ? chance.between(50, LATEST) : 0,
    );
    if (drawn < lost) return lose();
    if (!database.isUp) throw RESET;
    const { run } = database;
    const rows = await database.execute(text, values, taker);
    if (database.run !== run) throw CUT;
    if (drawn < lost + unanswered) return lose();
    await this.#hop();
    return rows;
  }

  async #hop(late = 0): Promise<void> {
    const { clock, chance, roads } = this.#options;
    await clock.sleepUntil(clock.now() + chance.between(0, LONGEST_HOP) + late);
    for (const road of roads) if (road.isCut) await road.open();
  }
}
