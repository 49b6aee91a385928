import type { JobContext } from '../../machines/job/context.ts';
import type { Committed } from './committed-database.ts';

/** A job's record as a restart would find it. */
export interface CommittedJob {
  key: string;
  value: unknown;
  context: JobContext;
}

const PREFIX = '!actors!';

export const isJobKey = (key: string): boolean => key.startsWith(PREFIX);

/** The last reading of each key: laws look at all records again and again, and few of them change. */
const readings = new Map<string, { record: string; job: CommittedJob }>();

export function readJob(key: string, record: string): CommittedJob {
  const known = readings.get(key);
  if (known?.record === record) return known.job;
  const { snapshot } = JSON.parse(record);
  const job = { key: key.slice(PREFIX.length), value: snapshot.value, context: snapshot.context };
  readings.set(key, { record, job });
  return job;
}

/** All records of live jobs. */
export function committedJobs(committed: Committed): CommittedJob[] {
  return [...committed].filter(([key]) => isJobKey(key)).map(([key, record]) => readJob(key, record));
}

/** Whether the daemon knows that this job is over for it. */
export function isSettled(committed: Committed, jobId: number): boolean {
  return committed.has(`!settled!${String(jobId).padStart(16, '0')}`);
}
