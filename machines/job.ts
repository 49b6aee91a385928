import type { SnapshotFrom, StateValueFrom } from 'xstate';
import { NO_RETRY } from './job/context.ts';
import { type JobEnd, servedEnd, unservedEnd } from './job/job-end.ts';
import type { JobMachineOptions } from './job/policy.ts';
import { begin, jobSetup } from './job/setup.ts';
import { GOALS } from './job/states/goals.ts';
import { creating, jitConfig, probing, sshReady, starting } from './job/states/provisioning.ts';
import { runnerOnline } from './job/states/runner-online.ts';
import { running } from './job/states/running.ts';
import { tearingDown } from './job/states/tearing-down.ts';
import { warm } from './job/states/warm.ts';
import type { StatePath, TopState, WrittenState } from './state-path.ts';

/**
 * One workflow job from the moment that we know of it until nothing of it is left. The machine only decides;
 * `machine.provide` gives it its effects, and `policy` and `now` its times.
 */
export function createJobMachine(options: JobMachineOptions) {
  const s = jobSetup(options);
  return s.createMachine({
    id: 'job',
    context: ({ input }) => ({
      job: input.job,
      vm: null,
      runner: null,
      phase: { ...NO_RETRY, enteredAt: options.now(), deadlineAt: options.now() },
      runnerRemoval: NO_RETRY,
      jobCheck: NO_RETRY,
      failure: input.job.lastFailure,
      otherJobSince: null,
    }),
    initial: 'queued',
    on: { 'operator.forgot': { target: '.failed', actions: 'forgetRecord' } },
    states: {
      queued: {
        description:
          'The job waits for its next VM: for a free slot, for the end of a pause, or for what a breaker holds back.',
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
        description: 'Nothing is left to do for the job; its record goes.',
        output: servedEnd,
      },
      failed: {
        type: 'final',
        description:
          'The job is not served: an operator ordered that, its label or repository left the config, or its repository is gone.',
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

// Does not compile when a transition aims at a state that the machine does not have.
GOALS satisfies readonly JobStatePath[];
