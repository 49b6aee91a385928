import type { Logger } from 'pino';
import { type JobContext, NO_JOB } from '../../machines/job/context.ts';
import type { JournalEntry } from '../store/tables/journal.ts';

/** Logs a transition of a job, or of a VM without one: as a warning, where it has a failure. */
export function logTransition(
  log: Logger,
  { jobId: job, attempt, host, event, from, to: state, detail }: JournalEntry,
  { job: { id, name }, vm }: JobContext,
): void {
  const subject = id === NO_JOB ? `${name} ${vm?.name ?? ''}` : `job ${job}`;
  log[detail ? 'warn' : 'info'](
    { job, attempt, host, state, vm: vm?.name, event, ...(detail && { failure: detail }) },
    `${subject}: ${from || 'new'} → ${state}`,
  );
}
