import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { isBeingMade } from './is-being-made.ts';

interface Entry {
  jobId: number | null;
  runnerName: string | null;
  /** The slot that the actor's VM uses on a host, or will use as soon as the agent shows it. */
  slot: { host: string; vmName: string } | null;
  /** The last number that the names of its VM may have. */
  numbers: { jobId: number; last: number } | null;
}

/**
 * What the dispatcher asks about the job actors after every event, kept ready: walking through thousands of
 * actors each time would make every transition slower with each further actor.
 */
export class ActorIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #keyOfJob = new Map<number, string>();
  readonly #keyOfRunner = new Map<string, string>();
  /** By host, the VM's name for each actor that holds a slot there. */
  readonly #slots = new Map<string, Map<string, string>>();
  /** By job id, the last number of each actor whose VM was made for it. */
  readonly #numbers = new Map<number, Map<string, number>>();
  readonly queued = new Set<string>();
  /** Actors that hold a slot for no job yet. */
  readonly placeholders = new Set<string>();
  /** Actors whose VM is held for a person, or is to be held. */
  readonly held = new Set<string>();
  /** Actors whose VM is not usable yet. */
  readonly making = new Set<string>();

  /** Notes an actor's present state; null for one that has ended. */
  note(key: string, snapshot: JobSnapshot | null): void {
    const before = this.#entries.get(key);
    const after = snapshot && entryOf(snapshot);
    if (after) this.#entries.set(key, after);
    else this.#entries.delete(key);
    // In an exchange one actor takes a job before the other has left it, so only the present holder's entry
    // is removed.
    move(this.#keyOfJob, key, before?.jobId ?? null, after?.jobId ?? null);
    move(this.#keyOfRunner, key, before?.runnerName ?? null, after?.runnerName ?? null);
    this.#noteSlot(key, before?.slot ?? null, after?.slot ?? null);
    this.#noteNumbers(key, before?.numbers ?? null, after?.numbers ?? null);
    put(this.queued, key, snapshot?.hasTag('queued') ?? false);
    put(this.held, key, snapshot?.hasTag('held') ?? false);
    put(this.making, key, snapshot !== null && isBeingMade(snapshot));
    put(this.placeholders, key, after?.slot != null && snapshot?.context.job.id === NO_JOB);
  }

  keyOfJob(jobId: number): string | undefined {
    return this.#keyOfJob.get(jobId);
  }

  keyOfRunner(runnerName: string): string | undefined {
    return this.#keyOfRunner.get(runnerName);
  }

  /** The highest number that the names of a live actor may have for this job id; 0 when there is none. */
  lastNumber(jobId: number): number {
    return Math.max(0, ...(this.#numbers.get(jobId)?.values() ?? []));
  }

  /** Names of the VMs that use a slot of a host. */
  slotsOn(host: string): Set<string> {
    return new Set(this.#slots.get(host)?.values());
  }

  clear(): void {
    for (const kept of [this.#entries, this.#keyOfJob, this.#keyOfRunner, this.#slots, this.#numbers])
      kept.clear();
    this.queued.clear();
    this.placeholders.clear();
    this.held.clear();
    this.making.clear();
  }

  #noteNumbers(key: string, before: Entry['numbers'], after: Entry['numbers']): void {
    if (before && before.jobId !== after?.jobId) {
      const numbers = this.#numbers.get(before.jobId);
      numbers?.delete(key);
      if (numbers?.size === 0) this.#numbers.delete(before.jobId);
    }
    if (!after) return;
    const numbers = this.#numbers.get(after.jobId) ?? new Map<string, number>();
    this.#numbers.set(after.jobId, numbers.set(key, after.last));
  }

  #noteSlot(key: string, before: Entry['slot'], after: Entry['slot']): void {
    if (before && before.host !== after?.host) {
      const slots = this.#slots.get(before.host);
      slots?.delete(key);
      if (slots?.size === 0) this.#slots.delete(before.host);
    }
    if (!after) return;
    const slots = this.#slots.get(after.host) ?? new Map<string, string>();
    this.#slots.set(after.host, slots.set(key, after.vmName));
  }
}

function entryOf(snapshot: JobSnapshot): Entry {
  const { job, vm, runner } = snapshot.context;
  return {
    jobId: job.id === NO_JOB ? null : job.id,
    runnerName: runner?.name ?? null,
    slot: vm && snapshot.hasTag('holdsSlot') ? { host: vm.host, vmName: vm.name } : null,
    numbers: vm && { jobId: vm.madeFor.jobId, last: vm.numbers.last },
  };
}

function move<Id>(keys: Map<Id, string>, key: string, before: Id | null, after: Id | null): void {
  if (before === after) return;
  if (before !== null && keys.get(before) === key) keys.delete(before);
  if (after !== null) keys.set(after, key);
}

function put(keys: Set<string>, key: string, isIn: boolean): void {
  if (isIn) keys.add(key);
  else keys.delete(key);
}
