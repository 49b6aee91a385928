import type { Job, Runner, Vm } from './context.ts';

/** Facts that reach a job's actor from outside; the ends of effects are XState's own events. */
export type JobEvent =
  /** The scheduler found room on a host. */
  | { type: 'slot.granted'; host: string }
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
  /** Our job goes on in a fresh actor while this one only tears down. */
  | { type: 'job.released' }
  /** The host's list does not have our VM any more. */
  | { type: 'vm.vanished' }
  /** The host has been unreachable for longer than it may. */
  | { type: 'host.lost' }
  /** The host is to be emptied: what is not at work there goes on elsewhere. */
  | { type: 'host.drained' }
  /** An operator does not want this job served. A runner at work goes on (law 5): that end is GitHub's to order. */
  | { type: 'operator.cancelled'; by: string }
  /** An operator does not want to wait for the next try. */
  | { type: 'operator.retried' }
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
  'vm.vanished',
  'host.lost',
  'host.drained',
  'operator.cancelled',
  'operator.retried',
  'vm.adopted',
] as const satisfies JobEvent['type'][];
