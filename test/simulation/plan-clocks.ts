import type { Chance } from './chance.ts';
import type { Incident, Scenario } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const MANY = [-26 * HOUR, -2 * HOUR, -10 * MINUTE, 10 * MINUTE, 2 * HOUR, 26 * HOUR];

export interface PlannedClocks {
  clock: Scenario['clock'];
  naps: Incident[];
  /** Milliseconds by which each Mac's clock is ahead. */
  macs: number[];
}

export const RIGHT_CLOCKS: PlannedClocks = { clock: { aheadBy: 0, settings: [] }, naps: [], macs: [] };

/**
 * In some plans: Macs whose clocks are wrong; a system's clock that is wrong when the daemon starts, or is
 * set while it runs or is down; and a daemon that sleeps.
 */
export function planClocks(chance: Chance, macs: number, troubled: number): PlannedClocks {
  const isWrong = chance.is(0.2);
  const isSet = chance.is(0.2);
  const isTired = chance.is(0.15);
  return {
    clock: {
      aheadBy: isWrong ? chance.pick(MANY) : 0,
      settings: Array.from({ length: isSet ? chance.between(1, 3) : 0 }, () => ({
        at: chance.pick([4 * SECOND, chance.between(0, troubled)]),
        aheadBy: chance.pick([0, ...MANY]),
      })).sort((one, other) => one.at - other.at),
    },
    naps: Array.from({ length: isTired ? chance.between(1, 2) : 0 }, () => ({
      what: 'daemonSleeps',
      at: chance.between(0, troubled),
      lasts: chance.pick([20 * SECOND, 4 * MINUTE, 20 * MINUTE, 2 * HOUR]),
      isCounted: chance.is(0.7),
    })),
    macs: Array.from({ length: macs }, () => (chance.is(0.2) ? chance.pick(MANY) : 0)),
  };
}
