import { assertEvent, setup } from 'xstate';
import type { Failure, FailureCode } from '../failure.ts';
import { type Job, type JobContext, NO_JOB, withLaterStatus } from './context.ts';
import { effectPlaceholders, type JobEffects } from './effects.ts';
import type { JobEvent } from './events.ts';
import type { JobEnd } from './job-end.ts';
import type { JobPolicy } from './policy.ts';

type Output<Name extends keyof JobEffects> = JobEffects[Name]['output'];

/** Failures that say that the runner's process has ended, so that nothing can be at work in the VM. */
const RUNNER_ENDED: readonly FailureCode[] = [
  'RUNNER_EXITED',
  'RUNNER_DEPRECATED',
  'VM_VANISHED',
  'RUNNER_CONFIGURATION_FAILED',
];

/** Types, effects and guards of the job machine. A guard on the end of an effect is given what the effect returned. */
export function guardedSetup(policy: JobPolicy) {
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
        | 'needsAttention'
        | 'waiting'
        | 'tearingDown',
    },
    actors: effectPlaceholders,
  }).extend({
    guards: {
      'may the effect be retried': (_, { disposition }: Failure) => disposition === 'retry',
      'is the effect blocked': (_, { disposition }: Failure) => disposition === 'blocked',
      'is the VM name spent': (_, { code }: Failure) => code === 'VM_NAME_TAKEN',
      'is the runner name spent': (_, { code }: Failure) => code === 'RUNNER_NAME_TAKEN',
      'is the runner config lost': (_, { code }: Failure) => code === 'RUNNER_CONFIG_LOST',
      'has the runner ended': (_, { code }: Failure) => RUNNER_ENDED.includes(code),
      'does the exchanged job fit this VM': ({ context, event }) => {
        assertEvent(event, 'job.exchanged');
        return event.job.status === 'queued' && event.job.profile === context.vm?.profile;
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
      'is the job over': ({ context }) => context.job.status === 'completed',
      'is there no job': ({ context }) => context.job.id === NO_JOB,
      'is there no VM': ({ context }) => context.vm === null,
      'is there no runner': ({ context }) => context.runner === null,
      'is the start news': ({ context }) =>
        withLaterStatus(context.job, 'in_progress').status !== context.job.status,
      'may the job be tried again': ({ context }) =>
        context.job.status === 'queued' &&
        !context.released &&
        context.failure?.code !== 'OPERATOR_CANCELLED' &&
        (context.failure === null || context.job.attemptsFailed < policy.maxAttempts),
      'is the job unserved': ({ context }) =>
        context.failure !== null && context.job.status !== 'completed' && !context.released,
    },
  });
}
