import type { JobContext } from '../../machines/job/context.ts';

export type Write = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** A job's record as a restart would find it. */
export interface CommittedJob {
  key: string;
  value: unknown;
  context: JobContext;
}

/** A breaker that is not closed. */
export interface CommittedBreaker {
  /** `open`, `halfOpen.ready`, `halfOpen.trying`. */
  state: string;
  /** Epoch ms since which it is in that state. */
  since: number;
}

const JOBS = '!actors!';
const JOURNAL = '!journal!';

/** The daemon's disk: what survives a crash, which is everything that was committed. */
export class Committed {
  /** By full key. */
  readonly rows = new Map<string, string>();
  /** By key, the text of a row that was parsed, and what it says. */
  readonly #parsed = new Map<string, { text: string; value: unknown }>();
  readonly #jobs = new Map<string, CommittedJob>();
  /** The result of `jobs`, kept until a job's record is written. */
  #all: readonly CommittedJob[] | null = null;
  /** By `host mac-1` or `profile mac`, from the journal; breakers are lost with the daemon's process. */
  readonly breakers = new Map<string, CommittedBreaker>();

  /** Commits a batch, all at once. */
  apply(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === 'put') this.rows.set(write.key, write.value);
      else this.rows.delete(write.key);
      if (write.key.startsWith(JOBS)) this.#all = null;
      const job = readJob(write);
      if (job) this.#jobs.set(write.key, job);
      else this.#jobs.delete(write.key);
      if (write.type === 'put' && write.key.startsWith(JOURNAL)) this.#noteBreaker(write.value);
    }
  }

  /** The JSON of a row; the same object until the row is changed. Null when there is no such row. */
  read<T>(key: string): T | null {
    const text = this.rows.get(key);
    if (text === undefined) return null;
    const known = this.#parsed.get(key);
    if (known?.text === text) return known.value as T;
    const value: unknown = JSON.parse(text);
    this.#parsed.set(key, { text, value });
    return value as T;
  }

  /** All records of live jobs; the same object until one of them is written. */
  jobs(): readonly CommittedJob[] {
    this.#all ??= [...this.#jobs.values()];
    return this.#all;
  }

  job(key: string): CommittedJob | null {
    return this.#jobs.get(`${JOBS}${key}`) ?? null;
  }

  /** Whether the daemon knows that this job is over for it. */
  isSettled(jobId: number): boolean {
    return this.rows.has(`!settled!${String(jobId).padStart(16, '0')}`);
  }

  #noteBreaker(text: string): void {
    if (!/"kind":"(?:breaker|daemon)"/.test(text)) return;
    const { kind, actor, to, at } = JSON.parse(text);
    if (kind === 'daemon') this.breakers.clear();
    if (kind === 'breaker') this.breakers.set(actor.replace('breaker:', ''), { state: to, since: at });
    if (to === 'closed') this.breakers.delete(actor.replace('breaker:', ''));
  }
}

/** Each record is read before and after its commit, and parsed once. */
const read = new WeakMap<Write, CommittedJob>();

/** Null for a write that is not the record of a job. */
export function readJob(write: Write): CommittedJob | null {
  if (write.type === 'del' || !write.key.startsWith(JOBS)) return null;
  const known = read.get(write);
  if (known) return known;
  const { snapshot } = JSON.parse(write.value);
  const job = { key: write.key.slice(JOBS.length), value: snapshot.value, context: snapshot.context };
  read.set(write, job);
  return job;
}
