import { RUNNER_TROUBLES } from '../../src/simulator/agent/boot-plan.ts';
import type { Fault } from '../../src/simulator/faults.ts';
import type { Chance } from './chance.ts';
import type { TimedFault } from './scenario.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

type Draw = (chance: Chance) => Fault;

const few = (chance: Chance) => ({ times: chance.between(1, 6) });
const some = (chance: Chance) => ({ probability: 0.2 + chance.next() * 0.6 });
const refusal = (chance: Chance) => chance.pick([few, some])(chance);

/** Faults of GitHub, and of its webhooks. */
const GITHUB: Draw[] = [
  (c) => ({ route: 'GET *', status: c.pick([500, 502, 503]), ...refusal(c) }),
  (c) => ({ route: '*', status: 401, ...few(c) }),
  (c) => ({ route: '*', status: 404, ...few(c) }),
  () => ({ route: '*', status: 403, message: 'Resource not accessible by personal access token', times: 2 }),
  (c) => ({
    route: '*',
    status: c.pick([403, 429]),
    headers: { 'retry-after': c.pick(['5', '60', '180']) },
    times: 1,
  }),
  (c) => ({ route: 'GET *', hang: true, ...few(c) }),
  (c) => ({ route: '*', drop: c.pick(['before', 'after']), ...refusal(c) }),
  (c) => ({ route: '*', delayMs: c.pick([2, 20, 45]) * SECOND, ...refusal(c) }),
  (c) => ({ route: 'POST *', status: c.pick([409, 422, 500, 502]), ...few(c) }),
  (c) => ({ route: 'POST *', drop: 'after', ...few(c) }),
  () => ({ route: 'POST *', hang: true, times: 1 }),
  (c) => ({ route: 'DELETE *', status: c.pick([422, 500, 503]), ...few(c) }),
  (c) => ({ route: 'DELETE *', drop: 'after', ...few(c) }),
  (c) => ({ route: 'webhook *', drop: 'before', ...refusal(c) }),
  (c) => ({ route: 'webhook *', drop: 'after', ...few(c) }),
  (c) => ({ route: 'webhook *', status: 500, ...few(c) }),
  (c) => ({ route: 'webhook *', body: { copies: c.between(2, 3) }, ...some(c) }),
  (c) => ({ route: 'webhook *', body: { afterNext: true }, ...some(c) }),
  (c) => ({ route: 'webhook *', delayMs: c.between(1, 120) * SECOND, ...some(c) }),
  (c) => ({
    route: `webhook workflow_job ${c.pick(['queued', 'in_progress', 'completed'])}`,
    drop: 'before',
    ...some(c),
  }),
];

/** Faults of a Mac and its agent. */
const MAC: Draw[] = [
  (c) => ({ route: 'GET *', status: c.pick([500, 503]), ...refusal(c) }),
  (c) => ({ route: '*', status: 429, code: 'TOO_MANY_REQUESTS', ...refusal(c) }),
  (c) => ({ route: '*', status: 401, code: 'UNAUTHORIZED', ...few(c) }),
  (c) => ({ route: 'GET *', hang: true, ...few(c) }),
  (c) => ({ route: '*', drop: c.pick(['before', 'after']), ...refusal(c) }),
  (c) => ({ route: '*', delayMs: c.pick([1, 10, 40]) * SECOND, ...refusal(c) }),
  (c) => ({ route: 'POST /vms', drop: c.pick(['before', 'after']), ...few(c) }),
  (c) => ({ route: 'POST /vms', delayMs: c.between(10, 50) * SECOND, ...few(c) }),
  () => ({ route: 'POST /vms', hang: true, times: 1 }),
  (c) => ({ route: 'mac create *', code: 'CREATE_FAILED', drop: c.pick(['before', 'after']), ...few(c) }),
  (c) => ({ route: 'mac create *', delayMs: c.between(10, 50) * SECOND, ...few(c) }),
  (c) => ({ route: 'mac pull *', code: 'IMAGE_PULL_FAILED', ...few(c) }),
  (c) => ({
    route: 'POST /vms/:id/start',
    status: 409,
    code: c.pick(['VM_LIMIT_REACHED', 'INVALID_STATE']),
    ...few(c),
  }),
  (c) => ({ route: 'mac start *', code: 'START_FAILED', drop: c.pick(['before', 'after']), ...few(c) }),
  (c) => ({ route: 'POST /vms/:id/start', drop: 'after', ...few(c) }),
  () => ({ route: 'POST /vms/:id/start', hang: true, times: 1 }),
  (c) => ({ route: 'POST /vms/:id/ssh', status: c.pick([409, 503]), code: 'SSH_ENABLE_FAILED', ...few(c) }),
  (c) => ({ route: 'DELETE /vms/:id', status: 409, code: 'INVALID_STATE', ...few(c) }),
  (c) => ({ route: 'DELETE /vms/:id', drop: c.pick(['before', 'after']), ...few(c) }),
  (c) => ({ route: 'DELETE /vms/:id', hang: true, ...few(c) }),
  (c) => ({ route: 'mac delete *', code: 'DELETE_FAILED', ...few(c) }),
  (c) => ({ route: 'mac delete *', delayMs: c.between(5, 60) * SECOND, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { sshdMs: 'never' }, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { natMs: 'never' }, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { sshdMs: c.between(60, 300) * SECOND }, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { refuseLogin: true }, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { missingTools: ['git'] }, ...few(c) }),
  (c) => ({ route: 'guest boot *', body: { clockSkewSeconds: c.pick([-7200, 400]) }, ...few(c) }),
  (c) => ({
    route: 'guest boot *',
    body: { ends: { how: c.pick(['shutdown', 'panic']), afterMs: c.between(10, 300) * SECOND } },
    ...few(c),
  }),
];

/** Up to eight faults that begin within `troubled` milliseconds; half of all plans have at most one. */
export function planFaults(chance: Chance, macs: string[], troubled: number): TimedFault[] {
  const count = chance.is(0.5) ? chance.between(0, 1) : chance.between(2, 8);
  return Array.from({ length: count }, () => {
    const at = chance.is(0.5) ? 0 : chance.between(0, troubled);
    const until = at + chance.pick([30 * SECOND, 3 * MINUTE, 15 * MINUTE]);
    const where = chance.is(0.5) ? 'github' : chance.pick(macs);
    const fault = chance.pick(where === 'github' ? GITHUB : MAC)(chance);
    return { where, at, until, fault };
  });
}

/** In some plans, pages of a proxy in front of GitHub, whose status does not come from GitHub. */
export function planPages(chance: Chance, troubled: number): TimedFault[] {
  if (!chance.is(0.2)) return [];
  return Array.from({ length: chance.between(1, 3) }, () => {
    const at = chance.between(0, troubled);
    const until = at + chance.pick([30 * SECOND, 3 * MINUTE]);
    const fault: Fault = {
      route: chance.pick(['* /*', 'GET *', 'POST *', 'DELETE *']),
      status: chance.pick([401, 403, 404, 410, 422, 429, 499, 502, 503]),
      headers: { 'content-type': 'text/html' },
      body: '<html><body>This page is not GitHub.</body></html>',
      times: chance.between(1, 6),
    };
    return { where: 'github', at, until, fault };
  });
}

/**
 * In some plans, a Mac whose responses arrive slowly, a byte now and then, or whose lists do not end: for a
 * while, or only for one list while the collector looks.
 */
export function planEndlessAnswers(chance: Chance, macs: string[], troubled: number): TimedFault[] {
  if (!chance.is(0.2)) return [];
  return Array.from({ length: chance.between(1, 3) }, () => {
    const at = chance.between(0, troubled);
    const until = at + chance.pick([30 * SECOND, 3 * MINUTE, 10 * MINUTE]);
    const fault: Fault = chance.pick<Draw>([
      (c) => ({ route: 'GET /vms', endlessList: true, ...refusal(c) }),
      (c) => ({ route: 'GET /images', endlessList: true, ...refusal(c) }),
      (c) => ({ route: c.pick(['GET *', 'GET /vms', '*']), dripMs: 500, ...refusal(c) }),
      (c) => ({ route: 'GET /vms', hang: true, ...some(c) }),
    ])(chance);
    return { where: chance.pick(macs), at, until, fault };
  });
}

/**
 * In some plans, guests that send their banner late, some of which make their host keys during the first
 * connections; and, in some, runners that cannot do their work.
 */
export function planOddGuests(chance: Chance, macs: string[], troubled: number): TimedFault[] {
  if (!chance.is(0.25)) return [];
  return Array.from({ length: chance.between(1, 2) }, () => {
    const at = chance.is(0.5) ? 0 : chance.between(0, troubled);
    const slow = { bannerMs: chance.pick([1, 3, 10, 30]) * SECOND, makesHostKeys: chance.between(0, 4) };
    const body = chance.is(0.3) ? { runnerTrouble: chance.pick(RUNNER_TROUBLES) } : slow;
    const fault: Fault = { route: 'guest boot *', body, times: chance.between(1, 6) };
    return { where: chance.pick(macs), at, until: at + 15 * MINUTE, fault };
  });
}
