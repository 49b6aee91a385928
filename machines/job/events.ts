import type { Failure } from '../failure.ts';
import type { Job, Runner, Vm } from './context.ts';

/** Facts that reach a job's actor from outside; the ends of effects are XState's own events. */
export type JobEvent =
  /** The scheduler found room on a host; `numbers` were reserved durably for the names of this VM and its runners. */
  | { type: 'slot.granted'; host: string; numbers: { first: number; last: number } }
  /** A job of another profile needs the room of a warm VM that has no job yet. */
  | { type: 'slot.reclaimed' }
  /** Our job runs on our runner. */
  | { type: 'job.started' }
  /** Our job is over; `here` when it ran on our runner. */
  | { type: 'job.completed'; conclusion: string | null; here: boolean }
  /** Somebody else's runner has our job. */
  | { type: 'job.takenElsewhere' }
  /** Another actor's job is ours now, and ours is its (law 4); `here` when our runner is the one that has it. */
  | { type: 'job.exchanged'; job: Job; here: boolean }
  /** Our job goes on in an actor of its own; this one keeps the VM. */
  | { type: 'job.released' }
  /** GitHub, asked for our job, has it queued. */
  | { type: 'job.stillQueued' }
  /** The job cannot be served any more: its label or its repository left the config, or the repository is gone. */
  | { type: 'job.unservable'; failure: Failure }
  /** The host's list does not have our VM any more. */
  | { type: 'vm.vanished' }
  /** The host has been unreachable for longer than it may. */
  | { type: 'host.lost' }
  /** Another host has room for a VM that waits for a full one. */
  | { type: 'host.full' }
  /** The host is to be emptied: what is not at work there goes on elsewhere. */
  | { type: 'host.drained' }
  /** An operator does not want this job served. A runner at work goes on (law 5): that end is GitHub's to order. */
  | { type: 'operator.cancelled'; by: string }
  /** An operator does not want to wait for the next try. */
  | { type: 'operator.retried' }
  /** An operator ends the record; what may be left of its VM and runner is the collector's. */
  | { type: 'operator.forgot'; by: string }
  /** A VM of ours without a readable record was found running; nobody knows whether it works. */
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
  'operator.forgot',
  'vm.adopted',
] as const satisfies JobEvent['type'][];
