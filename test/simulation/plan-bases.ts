import type { Fault } from '../../src/simulator/faults.ts';
import type { Chance } from './chance.ts';
import type { Incident, TimedFault } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Faults of a Mac when VMs are cloned. */
const CLONING: ((chance: Chance) => Fault)[] = [
  (c) => ({ route: 'POST /vms/:id/clone', drop: c.pick(['before', 'after']), times: c.between(1, 4) }),
  (c) => ({ route: 'POST /vms/:id/clone', delayMs: c.between(10, 50) * SECOND, times: c.between(1, 4) }),
  () => ({ route: 'POST /vms/:id/clone', hang: true, times: 1 }),
  (c) => ({ route: 'POST /vms/:id/clone', status: 409, code: 'INVALID_STATE', times: c.between(1, 12) }),
  (c) => ({ route: 'POST /vms/:id/clone', status: c.pick([404, 500, 503]), times: c.between(1, 6) }),
  (c) => ({
    route: 'mac clone *',
    code: 'CLONE_FAILED',
    drop: c.pick(['before', 'after']),
    times: c.between(1, 4),
  }),
  (c) => ({ route: 'mac clone *', delayMs: c.between(5, 60) * SECOND, times: c.between(1, 4) }),
  (c) => ({ route: 'PATCH /vms/:id', drop: c.pick(['before', 'after']), times: c.between(1, 4) }),
  (c) => ({ route: 'PATCH /vms/:id', delayMs: c.between(5, 60) * SECOND, times: c.between(1, 4) }),
];

/** Names similar to those of our bases, but not ours. */
const STRANGERS = [
  'gh-other-base-0123456789abcdef',
  'gh-default-base-0123456789abcde',
  'gh-default-base-0123456789ABCDEF',
  'gh-default-base-51300000001-1',
  'gh-default-base-base-0123456789abcdef',
];

/**
 * Whether base VMs are kept, and what happens to them. Every value is always drawn, so that the draws stay
 * independent.
 */
export function planBases(
  chance: Chance,
  macs: string[],
  troubled: number,
): { areKept: boolean; faults: TimedFault[]; incidents: Incident[] } {
  const areKept = chance.is(0.5);
  if (!areKept) return { areKept, faults: [], incidents: [] };
  const at = () => chance.between(0, troubled);
  const faults = Array.from({ length: chance.pick([0, 0, 1, 2, 4]) }, () => {
    const began = chance.is(0.5) ? 0 : at();
    const until = began + chance.pick([30 * SECOND, 3 * MINUTE, 15 * MINUTE]);
    return { where: chance.pick(macs), at: began, until, fault: chance.pick(CLONING)(chance) };
  });
  const incidents = Array.from({ length: chance.pick([0, 1, 1, 3]) }, (): Incident => {
    const when = { at: at(), lasts: chance.pick([SECOND, 90 * SECOND, 4 * MINUTE]) };
    const mac = chance.pick(macs);
    const digest = `sha256:${String(chance.between(1, 3)).repeat(64)}`;
    const name = chance.pick(STRANGERS);
    const what = chance.pick([
      'tagMoves',
      'tagMoves',
      'baseVanishes',
      'baseIsStarted',
      'strangerVm',
    ] as const);
    if (what === 'tagMoves') return { ...when, what, digest };
    if (what === 'strangerVm') return { ...when, what, mac, name };
    return { ...when, what, mac };
  });
  return { areKept, faults, incidents };
}
