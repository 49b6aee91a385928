import type { Clock } from '../clock.ts';
import { instant } from '../format.js';
import type { Cordon, Cordons } from '../store/tables/hosts/cordons.ts';

/** Which hosts get no new job now although they may respond, and who said so. */
export class HostCordons {
  readonly #orders: Cordons;
  readonly #clock: Clock;

  constructor(orders: Cordons, clock: Clock) {
    this.#orders = orders;
    this.#clock = clock;
  }

  of(host: string): Cordon | null {
    const cordon = this.#orders.of(host);
    return cordon && !this.#isOver(cordon) ? cordon : null;
  }

  /** The hosts whose cordon has ended by itself and is still stored. */
  ended(): { host: string; cordon: Cordon }[] {
    return [...this.#orders.all()]
      .filter(([, cordon]) => this.#isOver(cordon))
      .map(([host, cordon]) => ({ host, cordon }));
  }

  /** Epoch ms at which the next cordon ends; null when none has an end. */
  nextEnd(): number | null {
    const ends = [...this.#orders.all()].flatMap(([, { until }]) => until ?? []);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  #isOver({ until }: Cordon): boolean {
    return until !== undefined && until <= this.#clock.now();
  }
}

/** `ada` or `ada until 2026-11-25 14:05:09 UTC`, for texts of the daemon. */
export function cordonWords({ by, until }: Cordon): string {
  return until === undefined ? by : `${by} until ${instant(until)}`;
}
