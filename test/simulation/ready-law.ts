import type { HealthScope } from '../../src/health/health.ts';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { isBudgetShort, KEPT_FROM_LOOKING } from './github-budget.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { freeSlots, LONGEST_WAIT, type Unmet } from './queue-law.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

/** Milliseconds for which jobs that could be served may wait while the daemon says that all is well. */
export const LONGEST_SILENCE = 15 * 60_000;

/**
 * Milliseconds after which the daemon must report that a host is away, or that GitHub is, when it only polls.
 */
export const LONGEST_BLINDNESS = 15 * 60_000;

const LAW = 'ready only when serving';

/**
 * Law 15, judged from the world: a daemon that says "ready" serves what could be served, or names what is in
 * trouble; it says "not ready" when nothing can be served; and it says "ready" again when nothing is wrong
 * any more.
 */
export class ReadyLaw {
  /** By a condition's name, epoch ms since which it has been true. */
  readonly #since = new Map<string, number>();
  #began: number | null = null;

  /**
   * `told` is what the daemon reports, null while it is down; `unmet` are jobs that could be served and are
   * not.
   */
  look(
    world: SimulatedWorld,
    told: Readiness | null,
    unmet: ReadonlyMap<string, Unmet>,
    isDisturbed: boolean,
  ): void {
    const now = world.clock.now();
    this.#began ??= now;
    for (const key of this.#since.keys())
      if (key.startsWith('unmet ') && !unmet.has(key.slice('unmet '.length))) this.#since.delete(key);
    for (const [key, group] of unmet) {
      const isSilent = told?.ready === true && !speaksOf(world, told.scopes ?? [], group);
      const lasted = this.#lasts(now, `unmet ${key}`, isSilent && isAwake(world, group));
      if (lasted > LONGEST_SILENCE)
        world.broken.note(LAW, `it says ready, and jobs of ${key} are not served`);
    }
    const macs = [...world.macs.values()];
    const noHost = macs.every(({ isUp, isUnplugged }) => !isUp || isUnplugged);
    this.#blind(world, now, 'no host can be reached', noHost, told);
    const noGitHub = world.isGitHubUnplugged && world.scenario.daemon.mode === 'poll';
    this.#blind(world, now, 'GitHub cannot be polled', noGitHub, told);

    // Guests that misbehave may go on to do so in a calm world: a host is then rightly held back for them.
    const sinceVain = now - lastMadeInVain(world);
    const calm = Math.min(sinceVain, this.#lasts(now, 'calm', !isDisturbed && told !== null));
    const caused = now - calm - this.#began;
    const allowed = LONGEST_WAIT + Math.min(caused, LONGEST_PAUSE);
    const hasBudget = !isBudgetShort(world, KEPT_FROM_LOOKING);
    const refusing = Math.min(
      calm,
      this.#lasts(now, 'not ready', told !== null && !told.ready),
      this.#lasts(now, 'budget', hasBudget),
    );
    if (refusing > allowed)
      world.broken.note(LAW, `nothing is in the way, and it is not ready: ${told?.reasons}`);
  }

  /**
   * Whether what the daemon says now decides about a breach: something of which it has to speak has lasted for a third
   * of the time for which it may be silent.
   */
  mustKnow(now: number): boolean {
    return [...this.#since].some(
      ([what, since]) => what !== 'calm' && what !== 'budget' && now - since > LONGEST_SILENCE / 3,
    );
  }

  #blind(world: SimulatedWorld, now: number, what: string, isSo: boolean, told: Readiness | null): void {
    const lasted = this.#lasts(now, what, isSo && told !== null);
    if (lasted > LONGEST_BLINDNESS && told?.ready) world.broken.note(LAW, `${what}, and it says ready`);
  }

  /** Milliseconds for which a condition has been true. */
  #lasts(now: number, what: string, isSo: boolean): number {
    if (!isSo) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, now);
    return now - (this.#since.get(what) ?? now);
  }
}

/** Epoch ms at which the last VM was made that had no job; 0 when there is none. */
const lastMadeInVain = ({ ledger }: SimulatedWorld): number =>
  Math.max(0, ...ledger.vms.filter(({ hadJob }) => !hadJob).map(({ madeAt }) => madeAt));

/**
 * True when some of the jobs without a VM are not in a pause between two attempts; their records show that.
 */
function isAwake({ committed, daemonNow }: SimulatedWorld, { jobs, missing }: Unmet): boolean {
  const ids = new Set(jobs.map(({ id }) => id));
  const resting = committed.jobs().filter(({ context }) => {
    const { id, notBefore } = context.job;
    return ids.has(id) && notBefore > daemonNow();
  });
  return missing > resting.length;
}

/** Whether a trouble that the daemon reports explains why these jobs wait. */
function speaksOf(world: SimulatedWorld, scopes: readonly HealthScope[], group: Unmet): boolean {
  const { label } = group;
  const isNamed = (mac: Mac) =>
    scopes.some(
      ({ what, name }) =>
        (what === 'host' && name === mac.name) || (what === 'pair' && name === `${label} on ${mac.name}`),
    );
  const roomy = [...world.macs.values()].filter((mac) => freeSlots(world, mac) > 0);
  return roomy.every(isNamed) || scopes.some((scope) => touches(world, scope, group));
}

/** Whether a trouble affects these jobs on every host. */
function touches(
  { scenario, served }: SimulatedWorld,
  { what, name }: HealthScope,
  { jobs, label }: Unmet,
): boolean {
  const configured = [...served].map((repository, n) => [repository, scenario.repositories[n]] as const);
  const names = jobs.map(({ run }) => configured.find(([one]) => one === run.repository)?.[1]);
  switch (what) {
    case 'profile':
      return name === label;
    case 'pull':
      return name.endsWith(` for ${label}`);
    case 'registration':
      return names.includes(name) || (scenario.scope === 'organization' && !name.includes('/'));
    case 'polling':
      return names.includes(name.replace('the runs of ', ''));
    case 'repository':
    case 'host':
    case 'pair':
      return false;
    default:
      return true;
  }
}
