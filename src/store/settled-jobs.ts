import type { Failure } from '../../machines/failure.ts';

/** What stays known of a job whose record is gone: a late event must not start it again. */
export interface SettledJob {
  jobId: number;
  outcome: 'done' | 'failed' | 'taken' | 'cancelled';
  conclusion: string | null;
  /** Why it was given up; null unless `failed`. */
  cause: Failure | null;
  /** Epoch ms. */
  at: number;
  owner: string;
  repository: string;
  name: string;
  attempts: number;
  host: string | null;
}
