import { assertEvent, setup, stateIn } from 'xstate';
import type { Failure, FailureCode } from '../../failure.ts';
import {
  isSameScope,
  type Job,
  type JobContext,
  type JobStatus,
  NO_JOB,
  runnerScopeOf,
  withLaterStatus,
} from '../context.ts';
import { effectPlaceholders, type JobEffects } from '../effects.ts';
import type { JobEvent } from '../events.ts';
import type { JobEnd } from '../job-end.ts';
import type { JobMachineOptions } from '../policy.ts';

type Output<Name extends keyof JobEffects> = JobEffects[Name]['output'];

/** Failures that say that the runner's process has ended, so that no job can run in the VM. */
const RUNNER_ENDED: readonly FailureCode[] = [
  'RUNNER_EXITED',
  'RUNNER_DIED',
  'RUNNER_DEPRECATED',
  'VM_VANISHED',
  'RUNNER_CONFIGURATION_FAILED',
];

/** Failures after which a job is not served again, although GitHub may have it queued (law 11). */
const FINAL: readonly FailureCode[] = [
  'OPERATOR_CANCELLED',
  'OPERATOR_FORGOT',
  'PROFILE_UNKNOWN',
  'REPOSITORY_UNKNOWN',
  'REPOSITORY_GONE',
];

/** A job with any other status has left the queue; one that GitHub holds back (`waiting`) comes back to it. */
const isInQueue = (status: JobStatus) => status === 'queued' || status === 'waiting';

const isFinal = (failure: Failure | null) => failure !== null && FINAL.includes(failure.code);

/** Whether the job of this context gets no further VM. */
const needsNoVm = ({ job, failure }: JobContext) =>
  job.id === NO_JOB || job.status !== 'queued' || isFinal(failure);

const hasNames = ({ vm }: JobContext) => vm !== null && vm.numbers.next <= vm.numbers.last;

/** Types, effects and guards of the job machine. A guard on the end of an effect is given what the effect returned. */
export function guardedSetup({ policy, now }: JobMachineOptions) {
  /**
   * Whether a VM that is gone now went at the end of its lifetime. One that is found gone only after the margin may have
   * gone at any time.
   */
  const endsItsLifetime = ({ vm }: JobContext) =>
    vm !== null &&
    vm.expiresAt !== null &&
    vm.expiresAt <= now() &&
    now() <= vm.expiresAt + policy.timeouts.expiryMargin;

  return setup({
    types: {
      context: {} as JobContext,
      events: {} as JobEvent,
      input: {} as { job: Job },
      output: {} as JobEnd | null,
      tags: {} as
        | 'queued'
        | 'holdsSlot'
        | 'takesAnyJob'
        | 'provisioned'
        | 'mayBeBusy'
        | 'atWork'
        | 'needsAttention'
        | 'waiting'
        | 'tearingDown'
        | 'decided'
        | 'leaving'
        | 'hostFull'
        | 'asksToHold'
        | 'held'
        | 'runnerGone',
    },
    actors: effectPlaceholders,
  }).extend({
    guards: {
      'may the effect be retried': (_, { disposition }: Failure) => disposition === 'retry',
      'is the effect blocked': (_, { disposition }: Failure) => disposition === 'blocked',
      'is the repository gone': (_, { code }: Failure) => code === 'REPOSITORY_GONE',
      'is the VM name spent': ({ context }, { code }: Failure) =>
        code === 'VM_NAME_TAKEN' && hasNames(context),
      'is the runner name spent': ({ context }, { code }: Failure) =>
        code === 'RUNNER_NAME_TAKEN' && hasNames(context),
      'is the runner config lost': ({ context }, { code }: Failure) =>
        code === 'RUNNER_CONFIG_LOST' && hasNames(context),
      'does GitHub deny that the job is over': ({ context }, { code }: Failure) =>
        code === 'JOB_OUTCOME_UNKNOWN' && context.job.status === 'completed',
      'has the runner ended': (_, { code }: Failure) => RUNNER_ENDED.includes(code),
      'does the exchanged job fit this VM': ({ context, event }) => {
        assertEvent(event, 'job.exchanged');
        return event.job.status === 'queued' && event.job.profile === context.vm?.profile;
      },
      'does the exchanged job need a runner of another scope': ({ context, event }) => {
        assertEvent(event, 'job.exchanged');
        const { runner, vm } = context;
        if (runner === null || event.job.status !== 'queued' || event.job.profile !== vm?.profile)
          return false;
        return !isSameScope(runner.scope, runnerScopeOf(policy.runnerScope, event.job));
      },
      'does the exchanged job wait for a runner': ({ event }) => {
        assertEvent(event, 'job.exchanged');
        return event.job.status === 'queued';
      },
      'does the exchanged job run here': ({ event }) => {
        assertEvent(event, 'job.exchanged');
        return event.here && event.job.status === 'in_progress';
      },
      'did the exchanged job end here': ({ event }) => {
        assertEvent(event, 'job.exchanged');
        return event.here && event.job.status === 'completed';
      },
      'did the job run here': ({ event }) => {
        assertEvent(event, 'job.completed');
        return event.here;
      },
      'is a job at work in the guest': (_, { answer }: Output<'askGuest'>) => answer === 'working',
      'is the asked VM gone': (_, { answer }: Output<'askGuest'>) => answer === 'vanished',
      'does GitHub call it busy': (_, { answer }: Output<'deregisterRunner'>) => answer === 'busy',
      'did the runner take a job': (_, { ended }: Output<'watchRunner'>) => ended === 'tookJob',
      'is the watched VM gone': (_, { ended }: Output<'watchRunner'>) => ended === 'vanished',
      'is the watched VM gone after the job': ({ context }, { ended }: Output<'watchRunner'>) =>
        ended === 'vanished' && context.job.status === 'completed',
      'has the watched VM reached its lifetime': ({ context }, { ended }: Output<'watchRunner'>) =>
        ended === 'vanished' && endsItsLifetime(context),
      'does its lifetime end now': ({ context }) => endsItsLifetime(context),
      /** GitHub fails a job whose runner it does not hear for minutes, also one that goes on and ends well. */
      'did the runner end its job otherwise': ({ context }, { result }: Output<'watchRunner'>) =>
        context.job.conclusion === 'failure' && result !== undefined && result !== 'Failed',
      'is the job over': ({ context }) => context.job.status === 'completed',
      'is there no job': ({ context }) => context.job.id === NO_JOB,
      'is there no VM': ({ context }) => context.vm === null,
      'is the VM to be held': ({ context: { hold, vm } }) =>
        hold !== null && hold.ended === null && Boolean(vm?.id),
      'is its runner gone': stateIn({ tearingDown: { runner: 'gone' } }),
      'is its runner left behind': ({ context }) => context.runner?.isLeft === true,
      'does the held VM run': (_, { isRunning }: Output<'openVm'>) => isRunning,
      'may its VM be held later': ({ context: { job } }) => job.id !== NO_JOB && job.status !== 'completed',
      'is a hold wanted': ({ context: { job, hold } }) => job.holdOrder !== null || hold?.ended === null,
      'is there no runner': ({ context }) => context.runner === null,
      'is the start news': ({ context }) =>
        withLaterStatus(context.job, 'in_progress').status !== context.job.status,
      'needs the job no further VM': ({ context }) => needsNoVm(context),
      /** No runner was configured, and GitHub did not say that the job has left its queue. */
      'does the job wait, for all we know': ({ context: { runner, failure } }) =>
        runner === null || (runner.mode === null && failure?.code !== 'JOB_NO_LONGER_QUEUED'),
      'does GitHub have the job queued': ({ context }, { status }: { status: JobStatus }) =>
        isInQueue(status) && !needsNoVm(context),
      'is the job free of its runner': ({ context }, { status, runner }: Output<'askGitHub'>) =>
        isInQueue(status) && runner !== 'online' && !needsNoVm(context),
      'has our runner the job': (_, { status, here }: Output<'askGitHub'>) =>
        here && status === 'in_progress',
      'did our runner have the job': (_, { status, here }: Output<'askGitHub'>) =>
        here && status === 'completed',
      /** Law 13: its guest was asked and is silent, its runner is offline, and its lifetime and margin are past. */
      'may the silent VM go': ({ context: { vm } }, { runner }: Output<'askGitHub'>) =>
        runner !== 'online' && vm?.expiresAt != null && vm.expiresAt + policy.timeouts.expiryMargin <= now(),
      'is the guest silent': ({ context }) => context.phase.enteredAt + policy.timeouts.silence <= now(),
      'does the guest work for another job': ({ context }) =>
        context.job.status === 'queued' &&
        context.otherJobSince !== null &&
        context.otherJobSince + policy.timeouts.otherJob <= now(),
      'is our job still queued': ({ context }) => context.job.status === 'queued',
      'has its removal failed for long': ({ context }) =>
        context.phase.enteredAt + policy.timeouts.removal <= now(),
      'is the job given up': ({ context: { job, failure } }) =>
        job.id !== NO_JOB && job.status === 'queued' && isFinal(failure),
    },
  });
}
