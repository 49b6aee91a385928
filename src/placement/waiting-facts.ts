import type { BreakerView } from '../../machines/breaker.ts';
import type { HostSnapshot } from '../../machines/host.ts';
import { NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import { statePath } from '../../machines/state-path.ts';
import type { Cordon } from '../store/tables/cordons.ts';
import { freeSlots, holdsSlot } from './free-slots.ts';
import type { HostRoom, QueuedJob, WaitingFacts } from './why-waiting.ts';

export interface WaitingSources {
  jobs: { key: string; snapshot: JobSnapshot }[];
  hosts: { name: string; snapshot: HostSnapshot }[];
  /** Names of our VMs that take a slot of a host. */
  slotsOn(host: string): ReadonlySet<string>;
  cordonOf(host: string): Cordon | null;
  /** Breakers that are not closed. */
  troubled: BreakerView[];
}

/** The queue and the room as the scheduler finds them now. */
export function waitingFacts({
  jobs,
  hosts,
  slotsOn,
  cordonOf,
  troubled,
}: WaitingSources): Pick<WaitingFacts, 'queued' | 'hosts' | 'leftAlone'> {
  return {
    leftAlone: troubled
      .filter(({ about }) => about === 'profile')
      .map((breaker) => ({ profile: breaker.name, why: whyLeftAlone(breaker), until: untilOf(breaker) })),
    queued: jobs.flatMap(({ key, snapshot }) => queuedJob(key, snapshot)),
    hosts: hosts.map(({ name, snapshot }): HostRoom => {
      const { look, failure, unreachableSince } = snapshot.context;
      const ours = slotsOn(name);
      const breaker = troubled.find((one) => one.about === 'host' && one.name === name);
      const strangers = (look?.vms ?? []).filter((vm) => holdsSlot(vm) && !ours.has(vm.name));
      return {
        name,
        acceptsJobs: snapshot.hasTag('acceptsJobs') && look !== null && breaker === undefined,
        state: breaker ? whyLeftAlone(breaker) : (statePath(snapshot.value).split('.')[0] ?? ''),
        failure: (breaker?.lastFailure ?? failure)?.message ?? null,
        unreachableSince,
        cordonedBy: cordonOf(name)?.by ?? null,
        slots: look?.slots ?? 0,
        free: look === null ? 0 : freeSlots(look, ours),
        holders: [
          ...jobs
            .filter(({ snapshot: job }) => job.hasTag('holdsSlot') && job.context.vm?.host === name)
            .map(holder),
          ...strangers.map((vm) => ({ what: `VM ${vm.name}, not ours`, ours: false, since: vm.createdAt })),
        ],
      };
    }),
  };
}

/** `left alone until 14:05:09 after 3 failures`, without the cause. */
function whyLeftAlone({ state, retryAt, failures }: BreakerView): string {
  const time = new Date(retryAt).toTimeString().slice(0, 8);
  const until = state === 'open' ? ` until ${time}` : ' but for one attempt';
  return `left alone${until} after ${failures} failures in a row`;
}

const untilOf = ({ state, retryAt }: BreakerView) => (state === 'open' ? retryAt : null);

function queuedJob(key: string, snapshot: JobSnapshot): QueuedJob[] {
  const { id, profile, status, queuedAt, notBefore } = snapshot.context.job;
  if (!snapshot.matches('queued') || status !== 'queued') return [];
  return [{ key, jobId: id, profile, queuedAt, notBefore }];
}

function holder({ snapshot }: { snapshot: JobSnapshot }): HostRoom['holders'][number] {
  const { job, phase } = snapshot.context;
  const doing = statePath(snapshot.value).split(/[.,]/)[0] ?? '';
  const who = job.id === NO_JOB ? job.name : `job ${job.id} (${job.repository})`;
  const what = `${who}, ${doing}`;
  return { what, ours: true, since: phase.enteredAt };
}
