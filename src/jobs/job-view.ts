import type { JobContext } from '../../machines/job/context.ts';
import type { JobSnapshot, JobState } from '../../machines/job.ts';
import { statePath } from '../../machines/state-path.ts';

/** A live job as the admin API shows it. Contexts hold no secrets, so nothing has to be masked. */
export interface JobView extends Pick<JobContext, 'job' | 'vm' | 'runner' | 'phase' | 'failure' | 'hold'> {
  key: string;
  /** `running.busy.watching`; the first part is the state that people know. */
  state: JobState;
  tags: string[];
  /** The progress of the present effect, when it reports one (for an image pull). */
  progress: string | null;
}

export function jobView(key: string, snapshot: JobSnapshot, progress: string | null): JobView {
  const { job, vm, runner, phase, failure, hold } = snapshot.context;
  return {
    key,
    state: statePath(snapshot.value),
    tags: [...snapshot.tags],
    job,
    vm,
    runner,
    phase,
    failure,
    hold,
    progress,
  };
}
