import { Chance } from '../chance.ts';
import { planScenario, type TroubleChoice } from '../plan-scenario.ts';
import type { Incident, Scenario } from '../scenario.ts';
import type { ControllerIncident, PlannedControllers, StatementChances, Who } from './planned-controllers.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds within which everything that goes wrong with controllers begins. */
const TROUBLED = 8 * MINUTE;

/** What concerns a disk, or the one process that a daemon alone has. */
const ALONE: readonly Incident['what'][] = ['diskFull', 'daemonStops', 'daemonSleeps'];

/** Milliseconds: longer ones are played with one daemon; standbys that look at the lease make virtual time costly. */
const LONGEST = 4 * MINUTE;

/** How many points a run with two jobs passes. */
const POINTS = 600;

/**
 * The scenario of a seed with so many controllers on one database. The world is that of the seed with one daemon; what
 * would happen to that daemon and its disk happens to the controllers and their database. Without troubles that last
 * hours, unless they are chosen.
 */
export function planWithControllers(
  seed: number,
  count: number,
  choice: TroubleChoice = { kinds: [] },
): Scenario {
  const scenario = planScenario(seed, choice);
  return {
    ...scenario,
    incidents: scenario.incidents.filter(({ what, lasts }) => !ALONE.includes(what) && lasts <= LONGEST),
    untruths: { ...scenario.untruths, rows: 0 },
    controllers: planControllers(seed, count),
  };
}

function planControllers(seed: number, count: number): PlannedControllers {
  const machines = new Chance(seed, 'machines of controllers');
  const network = new Chance(seed, 'network of controllers');
  const stops = new Chance(seed, 'stops of controllers');
  return {
    machines: Array.from({ length: count }, () => ({
      aheadBy: machines.pick([0, 0, 300, -4 * SECOND, 90 * SECOND, -2 * HOUR, 26 * HOUR]),
      rate: machines.pick([1, 1, 0.97, 1.03]),
    })),
    lease: network.pick([3, 8, 8, 20]) * SECOND,
    statements: planStatements(network),
    lateRequests: network.pick([0, 0, 0.01, 0.05]),
    freezes: Array.from({ length: stops.pick([0, 1, 2, 4]) }, () => ({
      point: stops.between(1, POINTS),
      lasts: stops.pick([SECOND, 5 * SECOND, 12 * SECOND, 40 * SECOND, 4 * MINUTE]),
      isCounted: stops.is(0.8),
    })),
    incidents: planIncidents(new Chance(seed, 'incidents of controllers'), count),
    troubledUntil: TROUBLED,
  };
}

function planStatements(chance: Chance): StatementChances {
  const often = () => chance.pick([0, 0, 0.002, 0.02]);
  return { lost: often(), unanswered: often(), late: often(), lateBatches: chance.pick([0, 0, 0.05]) };
}

function planIncidents(chance: Chance, count: number): ControllerIncident[] {
  return Array.from({ length: chance.between(1, 7) }, () => {
    const what = chance.pick([
      'killed',
      'killed',
      'handsOver',
      'handsOver',
      'frozen',
      'frozen',
      'cutFromDatabase',
      'cutOff',
      'databaseStops',
    ] as const);
    const who: Who = chance.is(0.7) ? 'active' : chance.between(0, count - 1);
    const at = chance.between(0, TROUBLED);
    const lasts = chance.pick([SECOND, 6 * SECOND, 15 * SECOND, 60 * SECOND, 4 * MINUTE]);
    const isCounted = chance.is(0.8);
    if (what === 'databaseStops') return { at, lasts, what };
    if (what === 'frozen') return { at, lasts, what, who, isCounted };
    return { at, lasts, what, who };
  });
}
