import type { Clock } from '../clock.ts';
import type { MaintenanceWindow } from '../config/values/maintenance-window.ts';
import { instant } from '../format.js';
import type { Cordon, Cordons } from '../store/tables/hosts/cordons.ts';
import { MaintenanceWindows, type Occurrence } from './maintenance-windows.ts';

export interface HostCordonsOptions {
  orders: Cordons;
  /** The windows of each host that has some. */
  windows: ReadonlyMap<string, readonly MaintenanceWindow[]>;
  /** Hosts that the config does not have any more, with the instant (epoch ms) at which it was reloaded. */
  leaving: ReadonlyMap<string, number>;
  clock: Clock;
}

/** Which hosts get no new job now although they may respond, by whose order or in which window of the config. */
export class HostCordons {
  readonly #orders: Cordons;
  readonly #windows: ReadonlyMap<string, MaintenanceWindows>;
  readonly #leaving: ReadonlyMap<string, number>;
  readonly #clock: Clock;

  constructor({ orders, windows, leaving, clock }: HostCordonsOptions) {
    this.#leaving = leaving;
    this.#orders = orders;
    this.#windows = new Map([...windows].map(([host, given]) => [host, new MaintenanceWindows(given)]));
    this.#clock = clock;
  }

  of(host: string): Cordon | null {
    const left = this.leftAt(host);
    if (left !== null) return { by: 'the reload that removed it', at: left };
    const order = this.#orders.of(host);
    if (order && !this.#isOver(order)) return order.opens ? null : order;
    const window = this.window(host);
    return window && { by: 'its maintenance window', at: window.from, until: window.until };
  }

  /** Epoch ms at which a reload removed the host, on which something of ours is left; null for a host of the config. */
  leftAt(host: string): number | null {
    return this.#leaving.get(host) ?? null;
  }

  /** The maintenance window in which the host is, whether or not an operator opened the host for this time. */
  window(host: string): Occurrence | null {
    return this.#windows.get(host)?.present(this.#wall()) ?? null;
  }

  nextWindow(host: string): Occurrence | null {
    return this.#windows.get(host)?.next(this.#wall()) ?? null;
  }

  /** The orders that have ended by themselves and are still stored. */
  ended(): { host: string; cordon: Cordon }[] {
    return [...this.#orders.all()]
      .filter(([, cordon]) => this.#isOver(cordon))
      .map(([host, cordon]) => ({ host, cordon }));
  }

  /** Epoch ms at which an order ends, a window begins or a window ends; null when nothing of this is to come. */
  nextChange(): number | null {
    const ends = [...this.#orders.all()].flatMap(([, { until }]) => until ?? []);
    const edges = [...this.#windows.keys()].flatMap((host) => [
      this.window(host)?.until ?? [],
      this.nextWindow(host)?.from ?? [],
    ]);
    const changes = [...ends, ...edges.flat().map((at) => at - this.#clock.systemAheadBy())];
    return changes.length === 0 ? null : Math.min(...changes);
  }

  /** A person who looks at a calendar means the system's clock. */
  #wall(): number {
    return this.#clock.now() + this.#clock.systemAheadBy();
  }

  #isOver({ until }: Cordon): boolean {
    return until !== undefined && until <= this.#clock.now();
  }
}

/** `ada` or `ada until 2026-11-25 14:05:09 UTC`, for texts of the daemon. */
export function cordonWords({ by, until }: Cordon): string {
  return until === undefined ? by : `${by} until ${instant(until)}`;
}
