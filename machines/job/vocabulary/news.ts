import { assertEvent, assign } from 'xstate';
import { type Failure, failure } from '../../failure.ts';
import { type Job, withLaterStatus } from '../context.ts';
import type { JobEffects } from '../effects.ts';
import { costOf } from '../job-end.ts';
import type { JobMachineOptions } from '../policy.ts';
import { guardedSetup } from './guards.ts';

const ranOn = (whose: Job['ranOn'], job: Job): Job => ({ ...job, ranOn: whose });

/** Actions that note what became of the job: who has it, how it ended, and what cost it. */
export function setupWithNews(options: JobMachineOptions) {
  return guardedSetup(options).extend({
    actions: {
      markStarted: assign({
        job: ({ context }) => ranOn('ours', withLaterStatus(context.job, 'in_progress')),
      }),
      markTaken: assign({
        job: ({ context }) => ranOn('other', withLaterStatus(context.job, 'in_progress')),
        failure: null,
      }),
      markCompleted: assign({
        job: ({ context, event }) => {
          assertEvent(event, 'job.completed');
          const job = withLaterStatus(context.job, 'completed', event.conclusion);
          return event.here ? ranOn('ours', job) : event.elsewhere ? ranOn('other', job) : job;
        },
      }),
      /** The job is over: the end of its runner matters only if it cost the job. */
      noteLoss: assign(({ context }, { failure }: JobEffects['watchRunner']['output']) => ({
        failure: costOf(context.job, failure),
      })),
      abandon: assign({
        failure: ({ event }) => {
          assertEvent(event, 'job.unservable');
          return event.failure;
        },
      }),
      abandonFor: assign({ failure: (_, failure: Failure) => failure }),
      forgetRecord: assign({
        failure: ({ event }) => {
          assertEvent(event, 'operator.forgot');
          return failure('OPERATOR_FORGOT', `${event.by} ordered that this record ends as it is.`);
        },
      }),
      cancelAttempt: assign(({ event }) => {
        assertEvent(event, 'operator.cancelled');
        return { failure: failure('OPERATOR_CANCELLED', `${event.by} ordered that this job is not served.`) };
      }),
      /** A job that has left its queue gets no further attempt: the failure is dropped unless it cost the job. */
      noteJob: assign(({ context }, { status, conclusion, here }: JobEffects['recheckJob']['output']) => {
        const later = withLaterStatus(context.job, status, conclusion);
        const job = here ? ranOn('ours', later) : status === 'in_progress' ? ranOn('other', later) : later;
        return job.status === 'queued' ? { job } : { job, failure: costOf(job, context.failure) };
      }),
      forgetFailure: assign({ failure: null }),
      /** Keeps the failure only if it cost the job. */
      weighFailure: assign({ failure: ({ context }) => costOf(context.job, context.failure) }),
      /** GitHub says that the job failed while its guest cannot be asked: whose fault it was is not known. */
      noteUnseenEnd: assign({ failure: ({ context }) => costOf(context.job, context.phase.lastFailure) }),
    },
  });
}
