import type { Logger } from 'pino';
import { type JobContext, NO_JOB } from '../../machines/job/context.ts';
import type { JournalEntry } from '../store/tables/journal.ts';

/**
 * Logs a transition of a job, or of a VM without one: as a warning, where it has a failure. `released` marks a VM that
 * its job goes on without, whose end is not the job's.
 */
export function logTransition(
  log: Logger,
  { jobId: job, attempt, host, event, from, to: state, detail }: JournalEntry,
  { job: { id, name }, vm }: JobContext,
): void {
  const subject = id === NO_JOB ? `${name} ${vm?.name ?? ''}` : `job ${job}`;
  const released = id === NO_JOB && job !== NO_JOB && { released: true };
  log[detail ? 'warn' : 'info'](
    { job, attempt, host, state, vm: vm?.name, event, ...released, ...(detail && { failure: detail }) },
    `${subject}: ${from || 'new'} → ${state}`,
  );
}
