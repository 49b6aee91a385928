import { slotsInUse } from '../../src/simulator/agent/vms/vm-state.ts';
import type { Committed, CommittedJob } from './committed.ts';
import { isOurs } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

/** The longest pause between attempts is five minutes; the rest is polls, lags and backoffs. */
export const LONGEST_WAIT = 10 * 60_000;

/** The longest pause of a breaker and the longest attempt that may try again, with a teardown before and after it. */
export const LONGEST_TRIAL = 60 * 60_000;

/**
 * No job waits for long while a slot is free and no breaker keeps it from that, and no breaker does so for ever. It is
 * looked at while nothing is wrong with the world: what a fault is the cause of is no breach.
 */
export class ServiceLaw {
  readonly #since = new Map<number, number>();
  /** Epoch ms. */
  #calmSince: number | null = null;

  look(world: SimulatedWorld, isDisturbed: boolean): void {
    const { committed, github, clock, broken } = world;
    this.#lookAtBreakers(world, isDisturbed);
    const jobs = committed.jobs();
    const served = new Set(jobs.filter(({ context }) => context.vm).map(({ context }) => context.job.id));
    const hasRoom = [...world.macs.values()].some(
      (mac) => freeSlots(mac, jobs) > 0 && !isRefused(committed, `host ${mac.name}`),
    );
    const waiting =
      isDisturbed || !hasRoom ? [] : [...github.queue].filter(({ run }) => world.isServed(run.repository));
    const unserved = new Set(
      waiting
        .filter(
          ({ id, spec }) =>
            spec.labels.some((label) => isServed(label) && !isRefused(committed, `profile ${label}`)) &&
            !served.has(id) &&
            !committed.isSettled(id),
        )
        .map(({ id }) => id),
    );
    for (const id of this.#since.keys()) if (!unserved.has(id)) this.#since.delete(id);
    for (const id of unserved) {
      const since = this.#since.get(id) ?? clock.now();
      this.#since.set(id, since);
      if (clock.now() - since > LONGEST_WAIT) {
        broken.note(
          'no job waits while a slot is free',
          `job ${id} has waited for ${LONGEST_WAIT / 60_000} minutes`,
        );
      }
    }
  }

  #lookAtBreakers({ committed, clock, broken }: SimulatedWorld, isDisturbed: boolean): void {
    if (isDisturbed) this.#calmSince = null;
    else this.#calmSince ??= clock.now();
    if (this.#calmSince === null) return;
    for (const [name, { state, since }] of committed.breakers) {
      if (clock.now() - Math.max(since, this.#calmSince) > LONGEST_TRIAL)
        broken.note('what failed is tried again', `the breaker of ${name} is ${state} for an hour`);
    }
  }
}

function isRefused({ breakers }: Committed, name: string): boolean {
  const state = breakers.get(name)?.state;
  return state === 'open' || state === 'halfOpen.trying';
}

const isServed = (label: string) => label === 'mac' || label === 'mac-large';

function freeSlots({ agent, name }: Mac, jobs: readonly CommittedJob[]): number {
  const claims = jobs.filter(({ context }) => context.vm?.host === name).length;
  const ours = [...agent.vms.values()].filter((vm) => isOurs(vm.name) && vm.power !== null).length;
  return agent.options.slots - claims - (slotsInUse(agent) - ours);
}
