import { type Job, type JobContext, NO_JOB, type Vm } from '../../../machines/job/context.ts';
import { isInSlot, isOver } from '../../../machines/job/written-state.ts';
import type { StoredJournalEntry, TellableEnd } from '../../store/tables/journal.ts';
import { failedAttemptOf, startedHere, waitOf } from '../facts/job-facts.ts';
import { endOfSeen } from '../outcome.js';
import { holdsItsJob } from '../overview.js';
import { type Contexts, contextAfter } from '../story/contexts.js';
import type { UsageBy } from './usage-by.js';
import { type Usage, UsageTally } from './usage-tally.ts';

/** Epoch ms: from `since` on, and before `until`. */
export interface UsageRange {
  since: number;
  until: number;
}

/** Whom a use belongs to. */
type Place = Record<UsageBy, string>;

interface Use {
  place: Place;
  /** Epoch ms. */
  since: number;
}

/**
 * Who used the hosts in a time range, from the journal's transitions. They have to begin early enough before
 * the range to say which slots were held and which jobs ran at its beginning.
 *
 * The time in a slot belongs to the job that the VM has, and after that to the last one that it had. An actor
 * that does not go on after a restart of the daemon counts until the daemon was last heard.
 */
export class UsageFold {
  readonly #range: UsageRange;
  readonly #by: UsageBy;
  readonly #githubAhead: number;
  readonly #total = new UsageTally();
  readonly #tallies = new Map<string, UsageTally>();
  readonly #contexts: Contexts = new Map();
  /** By actor. */
  readonly #slots = new Map<string, Use>();
  /** By id of the job, those that run. */
  readonly #running = new Map<number, Use & { actor: string }>();
  /** By id of the job, how it ended, and when that was first told. It may be corrected later. */
  readonly #ended = new Map<number, { end: TellableEnd; place: Place; at: number }>();
  /** By actor, epoch ms at which the daemon was last heard before a restart that the actor did not yet outlive. */
  readonly #unheard = new Map<string, number>();

  /** `githubAhead`: by how many milliseconds GitHub's clock is ahead of ours. */
  constructor(range: UsageRange, by: UsageBy, githubAhead: number) {
    this.#range = range;
    this.#by = by;
    this.#githubAhead = githubAhead;
  }

  add(entry: StoredJournalEntry): void {
    const { kind, actor, at, detail } = entry;
    if (kind === 'daemon') this.#restart(Number(detail?.heardLast ?? at));
    else if (kind === 'quarantine') this.#leave(actor, at);
    else if (kind === undefined) this.#transition(entry);
  }

  /** The use of each repository, profile or host, the largest first, and all of it together. */
  result(): { rows: Usage[]; total: Usage } {
    for (const [actor, heardLast] of this.#unheard) this.#leave(actor, heardLast);
    for (const { place, since } of this.#slots.values())
      this.#charge(place, since, this.#range.until, 'heldSlot');
    for (const { place, since } of this.#running.values())
      this.#charge(place, since, this.#range.until, 'ran');
    this.#slots.clear();
    this.#running.clear();
    for (const { end, place, at } of this.#ended.values())
      if (this.#isIn(at)) this.#count(place, (tally) => tally.ended(end.outcome, end.blame));
    this.#ended.clear();
    const rows = [...this.#tallies].map(([name, tally]) => tally.of(name));
    rows.sort((a, b) => b.slotMs - a.slotMs || b.jobs - a.jobs || (a.name < b.name ? -1 : 1));
    return { rows, total: this.#total.of('') };
  }

  #transition(entry: StoredJournalEntry): void {
    const { actor, at, jobId, from, to } = entry;
    this.#unheard.delete(actor);
    const context = contextAfter(this.#contexts, entry);
    const slot = this.#slots.get(actor);
    const holds = holdsItsJob({ jobId, context });
    const place = placeOf(context, holds ? null : (slot?.place ?? null));
    if (from === '' && holds) this.#ended.delete(jobId);
    this.#slot(entry, context.vm && isInSlot(to) ? place : null);
    const blame = failedAttemptOf(entry);
    if (blame && this.#isIn(at)) this.#count(place, (tally) => tally.attemptFailed(blame));
    if (holds && context.job) this.#job(entry, context.job, place);
    if (holds) this.#end(entry, context, place);
    if (isOver(to)) this.#contexts.delete(actor);
  }

  /** `place` is null where the actor has no slot. */
  #slot({ actor, at }: StoredJournalEntry, place: Place | null): void {
    const before = this.#slots.get(actor);
    if (before && place && isSame(before.place, place)) return;
    if (before) this.#charge(before.place, before.since, at, 'heldSlot');
    this.#slots.delete(actor);
    if (place === null) return;
    if (!before && this.#isIn(at)) this.#count(place, (tally) => tally.gotSlot());
    this.#slots.set(actor, { place, since: at });
  }

  #job({ actor, at, end, to }: StoredJournalEntry, job: Job, place: Place): void {
    const { id, status } = job;
    const known = this.#running.get(id);
    if (known && (status === 'completed' || end !== undefined || isOver(to))) {
      this.#running.delete(id);
      this.#charge(known.place, known.since, at, 'ran');
    } else if (known) {
      known.actor = actor;
    } else if (startedHere(job) && end === undefined && !isOver(to)) {
      this.#running.set(id, { place, since: at, actor });
      const wait = waitOf(job, at, this.#githubAhead);
      if (this.#isIn(at)) this.#count(place, (tally) => tally.waited(wait));
    }
  }

  #end({ jobId, at, to, end }: StoredJournalEntry, context: Partial<JobContext>, place: Place): void {
    const told = end ?? (isOver(to) ? endOfSeen({ state: to, context }) : null);
    if (told === null) return;
    const known = this.#ended.get(jobId);
    if (known) known.end = told;
    else this.#ended.set(jobId, { end: told, place, at });
  }

  /** Actors that go on have an entry of their own after this. */
  #restart(heardLast: number): void {
    for (const actor of this.#contexts.keys())
      if (!this.#unheard.has(actor)) this.#unheard.set(actor, heardLast);
  }

  /** The actor does nothing any more after this instant. */
  #leave(actor: string, at: number): void {
    const slot = this.#slots.get(actor);
    if (slot) this.#charge(slot.place, slot.since, at, 'heldSlot');
    this.#slots.delete(actor);
    for (const [jobId, { place, since, ...job }] of this.#running) {
      if (job.actor !== actor) continue;
      this.#charge(place, since, at, 'ran');
      this.#running.delete(jobId);
    }
    this.#contexts.delete(actor);
    this.#unheard.delete(actor);
  }

  #isIn(at: number): boolean {
    return at >= this.#range.since && at < this.#range.until;
  }

  /** Adds the part of a stay that is in the range. */
  #charge(place: Place, from: number, to: number, what: 'heldSlot' | 'ran'): void {
    const ms = Math.min(to, this.#range.until) - Math.max(from, this.#range.since);
    if (ms > 0) this.#count(place, (tally) => tally[what](ms));
  }

  #count(place: Place, note: (tally: UsageTally) => void): void {
    const name = place[this.#by];
    const tally = this.#tallies.get(name) ?? new UsageTally();
    this.#tallies.set(name, tally);
    note(tally);
    note(this.#total);
  }
}

/** `last`: the place of the VM's last job, for a VM whose job went on elsewhere. */
function placeOf({ job, vm }: { job?: Job; vm?: Vm | null }, last: Place | null): Place {
  const hasJob = job !== undefined && job.id !== NO_JOB;
  return {
    repository: hasJob ? `${job.owner}/${job.repository}` : (last?.repository ?? ''),
    profile: vm?.profile ?? job?.profile ?? last?.profile ?? '',
    host: vm?.host ?? '',
  };
}

const isSame = (a: Place, b: Place): boolean =>
  a.repository === b.repository && a.profile === b.profile && a.host === b.host;
