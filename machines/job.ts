import type { SnapshotFrom, StateValueFrom } from 'xstate';
import { NO_RETRY } from './job/context.ts';
import { type JobEnd, servedEnd, unservedEnd } from './job/job-end.ts';
import type { JobMachineOptions } from './job/policy.ts';
import { GOALS } from './job/states/goals.ts';
import { creating, jitConfig, probing, sshReady, starting } from './job/states/provisioning.ts';
import { runnerOnline } from './job/states/runner-online.ts';
import { running } from './job/states/running.ts';
import { tearingDown } from './job/states/tearing-down.ts';
import { warm } from './job/states/warm.ts';
import { begin, jobSetup } from './job/vocabulary/setup.ts';
import { sentences } from './sentences.ts';
import type { StatePath, TopState, WrittenState } from './state-path.ts';

/**
 * One workflow job, from its first observation until nothing of it is left. The machine only decides: its effects come
 * from `machine.provide`, its durations from `policy` and its instants from `now`.
 */
export function createJobMachine(options: JobMachineOptions) {
  const s = jobSetup(options);
  return s.createMachine({
    id: 'job',
    description: sentences(
      'The machine of one workflow job, or of a VM without a job.',
      'In every state an operator can order that the record is forgotten: this leads to `failed` at once and deletes nothing.',
      'The collector then removes what is left of the VM and the runner.',
      'Until the teardown, an operator can order to hold the VM in which the job fails, and can take that order back.',
    ),
    context: ({ input }) => ({
      job: input.job,
      vm: null,
      runner: null,
      phase: { ...NO_RETRY, enteredAt: options.now(), deadlineAt: options.now() },
      runnerRemoval: NO_RETRY,
      jobCheck: NO_RETRY,
      failure: input.job.lastFailure,
      otherJobSince: null,
      hold: null,
    }),
    initial: 'queued',
    on: {
      'operator.forgot': { target: '.failed', actions: 'forgetRecord' },
      'operator.held': { guard: 'may its VM be held later', actions: 'orderHold' },
      'operator.released': { guard: 'is a hold wanted', actions: 'withdrawHold' },
    },
    states: {
      queued: {
        description: sentences(
          'Entered when the job is first seen as queued, and when it goes on without its last VM.',
          "The job waits for a free slot, for the end of its pause, which an operator's retry ends, or until no breaker holds it back; a granted slot leads to `creating`.",
          'A job that is completed or taken by another runner leads to `done`; one that an operator cancels or that can no longer be served leads to `failed`.',
          'An exchange keeps this state if the other job is queued and leads to `done` otherwise.',
          'A VM whose record was lost is adopted here, which leads to `running.retiring`.',
        ),
        tags: ['queued'],
        on: {
          'slot.granted': { target: 'creating', actions: ['takeSlot', begin('creating')] },
          'job.completed': { target: 'done', actions: 'markCompleted' },
          'job.takenElsewhere': { target: 'done', actions: 'markTaken' },
          'job.exchanged': [
            { guard: 'does the exchanged job wait for a runner', actions: 'takeQueuedJob' },
            { target: 'done', actions: 'takeJob' },
          ],
          'vm.adopted': { target: 'running.retiring', actions: 'adopt' },
          'operator.cancelled': { target: 'failed', actions: 'cancelAttempt' },
          'job.unservable': { target: 'failed', actions: 'abandon' },
          'operator.retried': { actions: 'skipPause' },
        },
      },
      creating: creating(s),
      starting: starting(s),
      sshReady: sshReady(s),
      probing: probing(s),
      warm: warm(s),
      jitConfig: jitConfig(s),
      runnerOnline: runnerOnline(s),
      running: running(s, options),
      tearingDown: tearingDown(s),
      done: {
        type: 'final',
        description: sentences(
          'Entered when the VM and the runner are gone and the job is not given up, or when a job without a VM is over or taken by another runner.',
          'This state is final: the record is removed, and the journal stays.',
        ),
        output: servedEnd,
      },
      failed: {
        type: 'final',
        description: sentences(
          'Entered when the job is given up: an operator cancelled it, its label or repository left the config, or its repository is gone.',
          'It is also entered from every other state when an operator orders that the record is forgotten.',
          'This state is final: the record is removed, and the journal stays.',
        ),
        output: unservedEnd,
      },
    },
    // XState types what a final state hands to its machine as unknown.
    output: ({ event }) => event.output as JobEnd | null,
  });
}

export type JobMachine = ReturnType<typeof createJobMachine>;
export type JobSnapshot = SnapshotFrom<JobMachine>;
type JobStateValue = StateValueFrom<JobMachine>;
export type JobStatePath = StatePath<JobStateValue>;
export type JobState = WrittenState<JobStateValue>;
export type JobTopState = TopState<JobStateValue>;

// Does not compile when the target of a transition is not a state of the machine.
GOALS satisfies readonly JobStatePath[];
