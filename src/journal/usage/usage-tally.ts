import type { Blame } from '../../../machines/failure.ts';
import type { JobOutcome } from '../../../machines/job/job-end.ts';
import { percentile } from '../percentile.ts';

/** Who used how much of the hosts in a time range, and how long they waited. Lengths in milliseconds. */
export interface Usage {
  /** The repository, profile or host; empty for VMs that had no job, and for jobs that had no host. */
  name: string;
  /** Jobs that ended in the range. */
  jobs: number;
  outcomes: Partial<Record<JobOutcome, number>>;
  /** The failed and the lost jobs, by whose fault that was; `unknown` where nobody can tell. */
  failures: Partial<Record<Blame | 'unknown', number>>;
  /** VMs that got a slot in the range. */
  vms: number;
  /** Attempts that failed in the range, by whose fault that was. Most of them cost time and no job. */
  failedAttempts: Partial<Record<Blame, number>>;
  /** From the start of each job to its end, as far as both are in the range. */
  jobMs: number;
  /** From the grant of each slot until it was free, as far as that is in the range. */
  slotMs: number;
  /** From queued to started, of the jobs that started in the range. */
  waits: { count: number; median: number; p95: number; longest: number };
}

/** Adds up the use of one repository, profile or host. */
export class UsageTally {
  readonly #sums: Omit<Usage, 'name' | 'waits'> = {
    jobs: 0,
    outcomes: {},
    failures: {},
    vms: 0,
    failedAttempts: {},
    jobMs: 0,
    slotMs: 0,
  };
  readonly #waits: number[] = [];

  ended(outcome: JobOutcome, blame: Blame | null): void {
    this.#sums.jobs += 1;
    increment(this.#sums.outcomes, outcome);
    if (outcome === 'failed' || outcome === 'lost') increment(this.#sums.failures, blame ?? 'unknown');
  }

  gotSlot(): void {
    this.#sums.vms += 1;
  }

  attemptFailed(blame: Blame): void {
    increment(this.#sums.failedAttempts, blame);
  }

  ran(ms: number): void {
    this.#sums.jobMs += ms;
  }

  heldSlot(ms: number): void {
    this.#sums.slotMs += ms;
  }

  waited(ms: number): void {
    this.#waits.push(ms);
  }

  of(name: string): Usage {
    const sorted = this.#waits.toSorted((a, b) => a - b);
    const waits = {
      count: sorted.length,
      median: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      longest: sorted.at(-1) ?? 0,
    };
    return { name, ...structuredClone(this.#sums), waits };
  }
}

function increment<K extends string>(counts: Partial<Record<K, number>>, key: K): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
