import type { OpenPool } from '../../../src/store/postgres/pool.ts';
import type { ManualClock } from '../../support/manual-clock.ts';
import type { SettableTime } from '../../support/settable-time.ts';
import type { Chance } from '../chance.ts';
import type { Life } from '../life.ts';
import type { RecordLaws } from '../record-laws.ts';
import type { LeaseLaw } from './lease-law.ts';
import type { PlannedControllers } from './planned-controllers.ts';
import type { Road } from './road.ts';
import { simulatedPools } from './simulated-pool.ts';
import type { SimulatedServer } from './simulated-server.ts';

/** Milliseconds by which a request may be late. */
const LATEST = 25_000;

export interface ControllerSeatOptions {
  /** From 1 on. */
  number: number;
  plan: PlannedControllers;
  system: SettableTime;
  /** Of all controllers together: they share the records. */
  laws: RecordLaws;
  lease: LeaseLaw;
  server: SimulatedServer;
  toDatabase: Road;
  toWorld: Road;
  chance: Chance;
  clock: ManualClock;
  began: number;
}

/** What one of several controllers has of its own, over all of its lives: its machine and its network. */
export class ControllerSeat {
  readonly #options: ControllerSeatOptions;
  readonly name: string;

  constructor(options: ControllerSeatOptions) {
    this.#options = options;
    this.name = `controller ${options.number}`;
  }

  get system(): SettableTime {
    return this.#options.system;
  }

  get laws(): RecordLaws {
    return this.#options.laws;
  }

  get toDatabase(): Road {
    return this.#options.toDatabase;
  }

  get toWorld(): Road {
    return this.#options.toWorld;
  }

  openPool(life: Life, pass: Parameters<typeof simulatedPools>[2]): OpenPool {
    return simulatedPools(this.#options.server, life, pass);
  }

  /** The epoch in which a process of it has the lease now; null when it has none. */
  epochOf(life: Life): number | null {
    return this.#options.lease.epochOf(life);
  }

  /** A request leaves its process. */
  sends(life: Life, what: string): void {
    this.#options.lease.checkRequest(life, this.name, what);
  }

  /** Milliseconds by which a request is late. */
  readonly lateness = (): number => {
    const { chance, plan, clock, began } = this.#options;
    if (plan.lateRequests === 0 || clock.now() > began + plan.troubledUntil) return 0;
    return chance.is(plan.lateRequests) ? chance.between(500, LATEST) : 0;
  };

  /** Whether the timers of the next life come last when it wakes. */
  drawsTimersLast(): boolean {
    return this.#options.chance.is(0.5);
  }

  /** The address of a listener: each controller has its own port. */
  url(key: string): string {
    return `http://daemon.test:${9090 + this.#options.number}/${key}`;
  }

  /** The database, or the way to it, has trouble: the service manager starts the process again. */
  mayFailToStart(error: unknown): boolean {
    return /cannot be opened|timeout|Connection terminated|ECONNREFUSED|terminating connection/.test(
      String(error),
    );
  }
}
