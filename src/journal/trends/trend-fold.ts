import type { Blame } from '../../../machines/failure.ts';
import { type Job, NO_JOB } from '../../../machines/job/context.ts';
import type { JobOutcome } from '../../../machines/job/job-end.ts';
import { isInSlot, isOver } from '../../../machines/job/written-state.ts';
import type { StoredJournalEntry } from '../../store/tables/journal.ts';
import { failedAttemptOf, startedHere, waitOf } from '../facts/job-facts.ts';
import { takesJobs } from '../facts/takes-jobs.js';
import { topState } from '../overview.js';

const MINUTE = 60_000;
/** Milliseconds that are kept: the longest time in one step. */
const LONGEST = 8 * 24 * 60 * MINUTE;
/** Waits of one minute that are kept, so that the memory has a limit. */
const MOST_WAITS = 200;

/** Ends that no later news changes, so that each job is counted once. */
const COUNTED: ReadonlySet<JobOutcome> = new Set(['succeeded', 'failed', 'cancelled', 'lost']);

/** A level over the part of a minute in which a daemon watched. */
export interface Level {
  /** Level times milliseconds. */
  sum: number;
  most: number;
}

export interface Minute {
  /** Milliseconds in which a daemon watched. */
  watched: number;
  queue: Level;
  slots: Level;
  /** Slots of hosts that take jobs. */
  capacity: Level;
  /** Milliseconds from queued to started, of the jobs that started. */
  waits: number[];
  ended: Partial<Record<JobOutcome, number>>;
  /** By blame and cause; the cause is a failure's code, or empty where the job failed by itself. */
  failures: Map<string, Failures>;
}

export interface Failures {
  blame: Blame;
  cause: string;
  count: number;
}

interface Seen {
  /** The id of the job that the actor holds; NO_JOB where it holds none. */
  held: number;
  hasVm: boolean;
  to: string;
}

/**
 * Queue, slots, waits and failures in each minute, from the journal's entries in their order. They have to begin
 * early enough to say which jobs were alive at the first minute that matters. A minute's work is small, so that
 * entries can be added as they come.
 */
export class TrendFold {
  readonly #githubAhead: () => number;
  /** By number of minutes since 1970. */
  readonly #minutes = new Map<number, Minute>();
  /** Live actors. */
  readonly #actors = new Map<string, Seen>();
  /** Ids of jobs of live actors whose start was counted, and whose end was: a restart tells both again. */
  readonly #started = new Set<number>();
  readonly #ended = new Set<number>();
  /** By host, its slots, 0 while it takes no jobs. */
  readonly #hosts = new Map<string, number>();
  #queue = 0;
  #slots = 0;
  #capacity = 0;
  /** Epoch ms up to which the levels are in the minutes; null before the first entry. */
  #at: number | null = null;

  /** `githubAhead`: by how many milliseconds GitHub's clock is ahead of ours. */
  constructor(githubAhead: () => number) {
    this.#githubAhead = githubAhead;
  }

  /** Adds the next entry. */
  add(entry: StoredJournalEntry): void {
    const { kind, actor, at, host, to, detail } = entry;
    if (kind === 'daemon') this.#restart(at);
    else this.advance(at);
    if (kind === 'quarantine') this.#replace(actor, null);
    else if (kind === 'host' && host !== null)
      this.#setHost(host, detail?.cordon ? 0 : slotsOf(to, Number(detail?.slots ?? 0)));
    else if (kind === undefined) this.#transition(entry);
  }

  /**
   * The levels stay as they are up to this instant (epoch ms). After the clock was set back they go on from there; a
   * jump ahead counts as the longest time that is kept at most.
   */
  advance(at: number): void {
    let from = Math.max(Math.min(this.#at ?? at, at), at - LONGEST);
    while (from < at) {
      const minute = Math.floor(from / MINUTE);
      const to = Math.min(at, (minute + 1) * MINUTE);
      const seen = this.#minute(minute);
      seen.watched += to - from;
      raise(seen.queue, this.#queue, to - from);
      raise(seen.slots, this.#slots, to - from);
      raise(seen.capacity, this.#capacity, to - from);
      from = to;
    }
    this.#at = at;
  }

  /** Forgets the minutes before an instant (epoch ms). */
  prune(before: number): void {
    for (const minute of this.#minutes.keys()) {
      if ((minute + 1) * MINUTE <= before) this.#minutes.delete(minute);
    }
  }

  /** What is known of the minute that begins at an instant (epoch ms); undefined where no daemon watched. */
  minuteAt(at: number): Minute | undefined {
    return this.#minutes.get(Math.floor(at / MINUTE));
  }

  /** No daemon watched since the last entry. Jobs that go on, and hosts, have entries of their own after this. */
  #restart(at: number): void {
    for (const actor of [...this.#actors.keys()]) this.#replace(actor, null);
    this.#hosts.clear();
    this.#capacity = 0;
    this.#at = at;
  }

  #transition(entry: StoredJournalEntry): void {
    const { actor, at, to, changed, detail, end } = entry;
    const before = this.#actors.get(actor);
    const hasVm = changed && 'vm' in changed ? changed.vm !== null : (before?.hasVm ?? false);
    const held = changed?.job?.id ?? before?.held ?? NO_JOB;
    this.#replace(actor, isOver(to) ? null : { held, hasVm, to });
    const minute = this.#minute(Math.floor(at / MINUTE));
    const blame = failedAttemptOf(entry);
    if (blame) count(minute, blame, String(detail?.code));
    if (held === NO_JOB) return;
    if (changed?.job) this.#start(changed.job, at, minute);
    if (end && COUNTED.has(end.outcome) && !this.#ended.has(held)) {
      this.#ended.add(held);
      minute.ended[end.outcome] = (minute.ended[end.outcome] ?? 0) + 1;
      if (end.outcome === 'failed' && end.blame === 'job') count(minute, 'job', '');
    }
    if (!isOver(to)) return;
    this.#started.delete(held);
    this.#ended.delete(held);
  }

  #start(job: Job, at: number, minute: Minute): void {
    if (!startedHere(job) || this.#started.has(job.id) || this.#ended.has(job.id)) return;
    this.#started.add(job.id);
    const wait = waitOf(job, at, this.#githubAhead());
    if (minute.waits.length < MOST_WAITS && Number.isFinite(wait)) minute.waits.push(wait);
  }

  /** What an actor counts in the levels, in place of what it counted before. */
  #replace(actor: string, now: Seen | null): void {
    const before = this.#actors.get(actor);
    this.#queue += Number(isQueued(now)) - Number(isQueued(before));
    this.#slots += Number(holdsSlot(now)) - Number(holdsSlot(before));
    if (now) this.#actors.set(actor, now);
    else this.#actors.delete(actor);
    this.#note();
  }

  #setHost(name: string, slots: number): void {
    this.#capacity += slots - (this.#hosts.get(name) ?? 0);
    this.#hosts.set(name, slots);
    this.#note();
  }

  /** A level that lasts for less than a millisecond counts as the most, too. */
  #note(): void {
    if (this.#at === null) return;
    const minute = this.#minute(Math.floor(this.#at / MINUTE));
    raise(minute.queue, this.#queue, 0);
    raise(minute.slots, this.#slots, 0);
    raise(minute.capacity, this.#capacity, 0);
  }

  #minute(number: number): Minute {
    const known = this.#minutes.get(number);
    if (known) return known;
    const level = () => ({ sum: 0, most: 0 });
    const minute: Minute = {
      watched: 0,
      queue: level(),
      slots: level(),
      capacity: level(),
      waits: [],
      ended: {},
      failures: new Map(),
    };
    this.#minutes.set(number, minute);
    return minute;
  }
}

/** How many slots of a host without a cordon can have jobs in a state: one that proves itself makes one VM at a time. */
function slotsOf(state: string, slots: number): number {
  if (!takesJobs(state)) return 0;
  return state === 'proving' ? Math.min(1, slots) : slots;
}

const isQueued = (seen: Seen | null | undefined) =>
  seen ? seen.held !== NO_JOB && topState(seen.to) === 'queued' : false;

const holdsSlot = (seen: Seen | null | undefined) => (seen ? seen.hasVm && isInSlot(seen.to) : false);

function raise(level: Level, value: number, ms: number): void {
  level.sum += value * ms;
  level.most = Math.max(level.most, value);
}

function count({ failures }: Minute, blame: Blame, cause: string): void {
  const key = `${blame} ${cause}`;
  const known = failures.get(key);
  if (known) known.count += 1;
  else failures.set(key, { blame, cause, count: 1 });
}
