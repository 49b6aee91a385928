import { parseResourceName } from '../../machines/resource-name.ts';
import { SLOT_STATES, type Vm } from '../../src/simulator/agent/vms/vm.ts';
import { slotsInUse } from '../../src/simulator/agent/vms/vm-state.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { isBudgetShort, KEPT_FROM_LOOKING, KEPT_FROM_SERVING } from './github-budget.ts';
import { isHeld } from './hold-law.ts';
import { openSlots } from './host-laws.ts';
import { keyOf, labelBySize, labelOf } from './job-groups.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { isOurs, NAME_PREFIX } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';
import type { OngoingTrouble } from './trouble.ts';
import type { LedgerVm } from './vm-ledger.ts';
import { lastTrial, lastTurn, spanInVain } from './vms-in-vain.ts';

/** Milliseconds that polls, delays of lists, a look at the host and a pull may take when nothing is wrong. */
export const LONGEST_WAIT = 10 * 60_000;

/** Jobs that can use the same VMs. */
interface Group {
  jobs: Job[];
  label: string;
}

/** Since when (epoch ms) a job is without a VM. */
interface Wait {
  job: Job;
  since: number;
}

/** Jobs of a group that had no VM on its way although there was room for one. */
export interface Unmet extends Group {
  /** Epoch ms. */
  since: number;
  /** How many of the jobs have no VM. */
  missing: number;
}

/**
 * A job that is queued at GitHub and could run must get a slot that is free. Only a trouble that affects a
 * job may keep it from running; a pause that goes on after its cause may last no longer than the cause did.
 * Judged from GitHub and the hosts: what the daemon assumes about a job, a host or a profile does not count.
 */
export class QueueLaw {
  readonly #unmet = new Map<string, Unmet>();
  /** Epoch ms since which each trouble goes on. */
  readonly #troubledSince = new Map<OngoingTrouble, number>();
  /**
   * By the group's key, how long its jobs could not run: first and last epoch ms. A trouble counts from its
   * beginning, since jobs that came before met it first.
   */
  readonly #excused = new Map<string, { first: number; last: number }>();
  /** By job id, epoch ms at which it was last seen with a VM of its own, or with one on its way. */
  readonly #suppliedAt = new Map<number, number>();
  /** By job id, epoch ms at which it was first seen in the queue. */
  readonly #queuedAt = new Map<number, number>();
  #began: number | null = null;
  /** Epoch ms. */
  #calmSince: number | null = null;

  look(world: SimulatedWorld, isDisturbed: boolean, troubles: readonly OngoingTrouble[]): void {
    const now = world.clock.now();
    this.#began ??= now;
    if (isDisturbed) this.#calmSince = null;
    else this.#calmSince ??= now;
    const groups = this.#groups(world, troubles);
    const hasRoom =
      groups.size > 0 &&
      [...world.macs.values()].some((mac) => freeSlots(world, mac) > 0 && !keepsVms(mac, troubles));
    for (const key of this.#unmet.keys()) if (!groups.has(key)) this.#unmet.delete(key);
    for (const [key, { jobs, label }] of groups) {
      const supplied = supply(world, key, label);
      for (const jobId of supplied) this.#suppliedAt.set(jobId, now);
      for (const { launched } of world.ledger.vms) if (launched) this.#noteSupply(launched);
      const missing = jobs.length - supplied.length;
      if (isDisturbed || !hasRoom || missing <= 0) {
        this.#unmet.delete(key);
        continue;
      }
      const since = this.#unmet.get(key)?.since ?? now;
      this.#unmet.set(key, { jobs, label, since, missing });
      this.#lookAt(world, { key, label }, this.#longestWait(jobs, supplied, since), troubles);
    }
  }

  /** A runner that ends at once is on no look. */
  #noteSupply({ at, jobId }: { at: number; jobId: number }): void {
    if (at > (this.#suppliedAt.get(jobId) ?? 0)) this.#suppliedAt.set(jobId, at);
  }

  /** What the last look found, by group. */
  get unmet(): ReadonlyMap<string, Unmet> {
    return this.#unmet;
  }

  /**
   * The job of a group that has waited longest for a VM. Jobs whose pauses take turns are each served, though
   * one of them is always without a VM. When the VM of another job may serve one, it serves the longest.
   */
  #longestWait(jobs: readonly Job[], supplied: readonly number[], unmetSince: number): Wait {
    const waits = jobs
      .filter(({ id }) => !supplied.includes(id))
      .map((job) => {
        const had = [this.#queuedAt.get(job.id) ?? 0, this.#suppliedAt.get(job.id) ?? 0];
        return { job, since: Math.max(unmetSince, ...had) };
      })
      .sort((one, other) => other.since - one.since);
    return waits[jobs.length - supplied.length - 1] as Wait;
  }

  #lookAt(
    world: SimulatedWorld,
    { key, label }: { key: string; label: string },
    { job, since: waitsSince }: Wait,
    troubles: readonly OngoingTrouble[],
  ): void {
    const now = world.clock.now();
    const excused = this.#excused.get(key);
    const caused = Math.max(
      (this.#calmSince ?? now) - (this.#began ?? now),
      excused ? excused.last - excused.first : 0,
      spanInVain(world, label),
    );
    const since = Math.max(
      waitsSince,
      lastTrial(world, label, waitsSince),
      lastTurn(world, label, job.id, waitsSince),
    );
    if (now - since <= LONGEST_WAIT + Math.min(caused, LONGEST_PAUSE)) return;
    const minutes = Math.round((now - since) / 60_000);
    const what = `job ${job.id} (${key}) is queued for ${minutes} minutes beside a free slot`;
    world.broken.note(this.#lawOf(world, job, troubles), what);
  }

  /** The breach is the same in each case; the name says where to look. */
  #lawOf(world: SimulatedWorld, { id }: Job, troubles: readonly OngoingTrouble[]): string {
    if (world.committed.isSettled(id)) return 'no job is given up';
    const isLeft = ({ jobId, vm, mac }: LedgerVm) => jobId === id && mac.agent.vms.has(vm.id);
    if (world.ledger.vms.some(isLeft)) return 'no job waits for the end of a VM';
    return troubles.length > 0 ? 'nobody waits for the trouble of others' : 'every queued job is served';
  }

  /** Groups of the jobs that could run. */
  #groups(world: SimulatedWorld, troubles: readonly OngoingTrouble[]): Map<string, Group> {
    const groups = new Map<string, Group>();
    const now = world.clock.now();
    for (const trouble of troubles)
      if (!this.#troubledSince.has(trouble)) this.#troubledSince.set(trouble, now);
    for (const job of world.github.queue) {
      const label = labelOf(job);
      if (label === undefined || !world.isServed(job.run.repository)) continue;
      if (isOverBudget(world, job)) continue;
      const key = keyOf(world, job, label);
      if (!this.#queuedAt.has(job.id)) this.#queuedAt.set(job.id, now);
      const causes = troubles.filter((trouble) => touches(world, trouble, job, label));
      if (causes.length > 0) {
        const began = causes.map((trouble) => this.#troubledSince.get(trouble) ?? now);
        const first = Math.min(this.#excused.get(key)?.first ?? now, ...began);
        this.#excused.set(key, { first, last: now });
        continue;
      }
      const group = groups.get(key) ?? { jobs: [], label };
      group.jobs.push(job);
      groups.set(key, group);
    }
    return groups;
  }
}

/** A job that the daemon has not seen yet has to be looked for; one that it knows has to be served. */
function isOverBudget(world: SimulatedWorld, { id }: Job): boolean {
  const isKnown = world.committed.jobs().some(({ context }) => context.job.id === id);
  return isBudgetShort(world, isKnown ? KEPT_FROM_SERVING : KEPT_FROM_LOOKING);
}

/**
 * A host that deletes no VM is held back: each further VM would cost one of its slots for good. A host that is
 * not in the config gets none.
 */
const keepsVms = ({ name }: Mac, troubles: readonly OngoingTrouble[]) =>
  troubles.some(
    ({ trouble }) =>
      (trouble.what === 'deletesFail' ||
        (trouble.what === 'configReloaded' && trouble.how === 'hostRemoved')) &&
      trouble.mac === name,
  );

/** Whether a job cannot run while this trouble goes on. */
function touches(
  { scenario }: SimulatedWorld,
  { trouble, jobId }: OngoingTrouble,
  job: Job,
  label: string,
): boolean {
  switch (trouble.what) {
    case 'rightsTaken':
    case 'jitForbidden':
    case 'nothingAssigned':
      return true;
    case 'registrationForbidden': {
      // The trouble names a repository that may have another name by now.
      const { isArchived, allowsRunners } = job.run.repository;
      return scenario.scope === 'repository' && (isArchived || !allowsRunners);
    }
    case 'imageDenied':
      return trouble.label === label;
    case 'configReloaded':
      return trouble.how === 'limitsChanged' || (trouble.how === 'labelRemoved' && trouble.label === label);
    case 'jobWithheld':
      return jobId === job.id;
    default:
      return false;
  }
}

/**
 * VMs that had no job yet and may get one of this group, and those that a host was asked to make for it: the
 * ids of the jobs that they are for.
 */
function supply(world: SimulatedWorld, key: string, label: string): number[] {
  const owners = new Map(world.committed.jobs().map(({ context: { vm, job } }) => [vm?.name, job.id]));
  const made = world.ledger.vms.filter((one) => {
    const { vm, mac, isDoomed, hadJob } = one;
    if (
      isDoomed ||
      hadJob ||
      isHeld(world, vm.name) ||
      !mac.isUp ||
      mac.agent.vms.get(vm.id) !== vm ||
      standsBy(one)
    )
      return false;
    const hasEnded =
      vm.state === 'error' || vm.state === 'deleted' || (vm.state === 'stopped' && vm.hasBooted);
    return !hasEnded && isFor(world, one, key, label);
  });
  const ordered = [...world.macs.values()].flatMap((mac) => {
    const isThere = (name: string) => [...mac.agent.vms.values()].some((vm) => vm.name === name);
    return [...mac.creating.keys()].filter((name) => !isThere(name) && isNamedFor(world, name, key));
  });
  // A VM whose job went on in another one, or a warm VM, has the job of its record.
  return [
    ...made.map(({ vm, jobId }) => owners.get(vm.name) || jobId),
    ...ordered.map((name) => parseResourceName(NAME_PREFIX, name)?.jobId ?? 0),
  ];
}

function isNamedFor(world: SimulatedWorld, name: string, key: string): boolean {
  const job = world.github.jobs.get(parseResourceName(NAME_PREFIX, name)?.jobId ?? 0);
  return job !== undefined && keyOf(world, job, labelOf(job) ?? '') === key;
}

/** A warm VM in which no runner was launched: room for a job of any profile. */
function standsBy({ jobId, vm, mac }: LedgerVm): boolean {
  return jobId === 0 && (mac.memory.guestOf(vm.name)?.runners.size ?? 0) === 0;
}

function isFor(world: SimulatedWorld, { jobId, vm }: LedgerVm, key: string, label: string): boolean {
  const job = world.github.jobs.get(jobId);
  if (!job) return labelBySize(vm.resources.cpuCount) === label;
  return keyOf(world, job, labelOf(job) ?? '') === key;
}

/** Slots that nothing uses and that no VM on its way will use; a warm VM and a held one make room. */
export function freeSlots(world: SimulatedWorld, mac: Mac): number {
  const { ledger } = world;
  const { agent, creating, isUp, isUnplugged } = mac;
  if (!isUp || isUnplugged || agent.maintenance) return 0;
  const here = ledger.vms.filter(({ vm, isDoomed }) => agent.vms.get(vm.id) === vm && !isDoomed);
  const isComing = ({ state, hasBooted }: Vm) => !hasBooted && (state === 'stopped' || state === 'created');
  const coming = here.filter((one) => isComing(one.vm) && one.jobId > 0);
  const givenUp = (one: LedgerVm) => standsBy(one) || isHeld(world, one.vm.name);
  const standing = here.filter((one) => givenUp(one) && SLOT_STATES.includes(one.vm.state));
  const listed = new Set([...agent.vms.values()].map(({ name }) => name));
  const unseen = [...creating.keys()].filter((name) => isOurs(name) && !listed.has(name));
  const free = agent.options.slots - slotsInUse(agent) - coming.length - unseen.length + standing.length;
  return openSlots(world, mac, free);
}
