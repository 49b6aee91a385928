import type { Job } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';

/** A live actor as routing sees it. */
export interface Holder {
  key: string;
  job: Job;
  /** Profile of its VM; null without one. */
  vmProfile: string | null;
  /** Its VM is being removed, so that no job can go on there. */
  isLeaving: boolean;
  /** A job is or may be running in its VM, ours or another one. */
  mayBeBusy: boolean;
}

export function holderOf(key: string, snapshot: JobSnapshot): Holder {
  const { job, vm } = snapshot.context;
  return {
    key,
    job,
    vmProfile: vm?.profile ?? null,
    isLeaving: snapshot.hasTag('leaving'),
    mayBeBusy: snapshot.hasTag('mayBeBusy'),
  };
}
