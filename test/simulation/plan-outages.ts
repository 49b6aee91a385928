import type { Chance } from './chance.ts';
import type { Incident, TimedFault } from './scenario.ts';

const MINUTE = 60_000;

/** Milliseconds; long enough that the daemon's health must report it. */
const LASTS = 30 * MINUTE;

/**
 * In a tenth of the seeds nothing can be served for half an hour: no Mac is on the network, or GitHub is not.
 * In some others GitHub accepts requests and never responds, which causes no error.
 */
export function planOutages(
  chance: Chance,
  macs: readonly string[],
  within: number,
): { incidents: Incident[]; faults: TimedFault[] } {
  const at = chance.between(0, within);
  const kind = chance.is(0.15) ? chance.pick(['hosts', 'github', 'silence'] as const) : null;
  if (kind === 'hosts')
    return {
      incidents: macs.map((mac) => ({ at, lasts: LASTS, what: 'hostUnplugged', mac })),
      faults: [],
    };
  if (kind === 'github') return { incidents: [{ at, lasts: LASTS, what: 'githubUnplugged' }], faults: [] };
  if (kind === null) return { incidents: [], faults: [] };
  const fault = { route: 'GET */actions/runs', hang: true };
  return { incidents: [], faults: [{ where: 'github', at, until: at + within, fault }] };
}
