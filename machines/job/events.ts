import type { Failure } from '../failure.ts';
import type { HoldEnd, Job, Runner, TakenBy, Vm, VmImage } from './context.ts';

/** Facts that reach a job's actor from outside; the ends of effects are XState's own events. */
export type JobEvent =
  /**
   * The scheduler found room on a host; `numbers` were reserved durably for the names of this VM and its runners, and
   * `image` is what the VM is made from, where several versions of it may be in use.
   */
  | {
      type: 'slot.granted';
      host: string;
      numbers: { first: number; last: number };
      image?: VmImage | null;
    }
  /** A job of another profile needs the room of a warm VM that has no job yet. */
  | { type: 'slot.reclaimed' }
  /** Our job runs on our runner. */
  | { type: 'job.started' }
  /** Our job is over; `here` when it ran on our runner. */
  | { type: 'job.completed'; conclusion: string | null; here: boolean; by?: TakenBy }
  /** Another runner has our job: somebody else's, or one of ours without an actor. */
  | { type: 'job.takenElsewhere'; by: TakenBy }
  /** Two actors have swapped jobs (law 4): `job` is ours now; `here` when our runner has it. */
  | { type: 'job.exchanged'; job: Job; here: boolean }
  /** Our job goes on in an actor of its own; this actor keeps the VM. */
  | { type: 'job.released' }
  /** A look at GitHub shows that our job is still queued. */
  | { type: 'job.stillQueued' }
  /** The job cannot be served any more: its label or its repository left the config, or the repository is gone. */
  | { type: 'job.unservable'; failure: Failure }
  /** The host's list does not have our VM any more. */
  | { type: 'vm.vanished' }
  /** The host was unreachable for longer than the limit. */
  | { type: 'host.lost' }
  /** Another host has room for a VM that waits for a full one. */
  | { type: 'host.full' }
  /** The host is drained: jobs that do not run there yet go on at another host. */
  | { type: 'host.drained' }
  /** An operator orders that this job is not served. A running job goes on (law 5): only GitHub can cancel it. */
  | { type: 'operator.cancelled'; by: string }
  /** An operator orders the next try at once. */
  | { type: 'operator.retried' }
  /** The VM of a failed attempt or job may be held: its slot is not needed now. */
  | { type: 'hold.granted' }
  /** The VM may not be held, or not any longer. */
  | { type: 'hold.ended'; because: HoldEnd }
  /** An operator wants to look into the VM in which this job fails, for so many milliseconds. */
  | { type: 'operator.held'; by: string; lasts: number }
  /** An operator does not need the held VM any more, or takes back that order. */
  | { type: 'operator.released'; by: string }
  /** An operator ends the record; the collector removes what is left of its VM and runner. */
  | { type: 'operator.forgot'; by: string }
  /** A running VM of ours without a readable record was found; it is unknown whether a job runs in it. */
  | { type: 'vm.adopted'; vm: Vm; runner: Runner };

export const JOB_EVENT_TYPES = [
  'slot.granted',
  'slot.reclaimed',
  'job.started',
  'job.completed',
  'job.takenElsewhere',
  'job.exchanged',
  'job.released',
  'job.stillQueued',
  'job.unservable',
  'vm.vanished',
  'host.lost',
  'host.full',
  'host.drained',
  'operator.cancelled',
  'operator.retried',
  'hold.granted',
  'hold.ended',
  'operator.held',
  'operator.released',
  'operator.forgot',
  'vm.adopted',
] as const satisfies JobEvent['type'][];
