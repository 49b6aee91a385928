import { assertEvent, assign } from 'xstate';
import { type Failure, failure } from '../../failure.ts';
import { parseResourceName } from '../../resource-name.ts';
import { type Job, type JobContext, type TakenBy, withLaterStatus } from '../context.ts';
import type { JobEffects } from '../effects.ts';
import { costOf, costOfTold } from '../job-end.ts';
import type { JobMachineOptions } from '../policy.ts';
import { guardedSetup } from './guards.ts';

const taken = (takenBy: TakenBy | undefined, job: Job): Job => (takenBy ? { ...job, takenBy } : job);

/** The runner of this actor, as the one that took its job. */
const byOurs = ({ runner }: JobContext): TakenBy | undefined =>
  runner === null ? undefined : { runner: runner.name, isOurs: true };

/** Actions that note what became of the job: who has it, how it ended, and what cost it. */
export function setupWithNews(options: JobMachineOptions) {
  const byNamed = (runner: string | undefined): TakenBy | undefined =>
    runner === undefined
      ? undefined
      : { runner, isOurs: parseResourceName(options.policy.namePrefix, runner) !== null };

  const sinceThePhaseBegan = ({ phase }: JobContext) => options.now() - phase.enteredAt;

  return guardedSetup(options).extend({
    actions: {
      markStarted: assign({
        job: ({ context }) => taken(byOurs(context), withLaterStatus(context.job, 'in_progress')),
      }),
      markTaken: assign({
        job: ({ context, event }) => {
          assertEvent(event, 'job.takenElsewhere');
          return taken(event.by, withLaterStatus(context.job, 'in_progress'));
        },
        failure: null,
      }),
      markCompleted: assign({
        job: ({ context, event }) => {
          assertEvent(event, 'job.completed');
          const job = withLaterStatus(context.job, 'completed', event.conclusion);
          return taken(event.here ? byOurs(context) : event.by, job);
        },
      }),
      /** The job is over: the end of its runner matters only if it cost the job. */
      noteLoss: assign(({ context }, { failure }: JobEffects['watchRunner']['output']) => ({
        failure: costOf(context, failure),
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
      noteJob: assign(
        ({ context }, { status, conclusion, here, takenBy }: JobEffects['recheckJob']['output']) => {
          const later = withLaterStatus(context.job, status, conclusion);
          const job = taken(here ? byOurs(context) : byNamed(takenBy), later);
          if (job.status === 'queued') return { job };
          return {
            job,
            failure: costOfTold({ ...context, job }, context.failure, sinceThePhaseBegan(context)),
          };
        },
      ),
      /** The VM works again, so nothing in it is to be looked into either. */
      forgetFailure: assign(({ context: { runner } }) => ({
        failure: null,
        hold: null,
        runner: runner && { ...runner, loss: null },
      })),
      /** Keeps the failure only if it cost the job. */
      weighFailure: assign({ failure: ({ context }) => costOf(context, context.failure) }),
      /** The job is over while its VM is torn down: it may have ended before the VM went. */
      weighLoss: assign({
        failure: ({ context }) => costOfTold(context, context.failure, sinceThePhaseBegan(context)),
      }),
      /** GitHub says that the job failed while its guest cannot be asked: whose fault it was is not known. */
      noteUnseenEnd: assign({ failure: ({ context }) => costOf(context, context.phase.lastFailure) }),
    },
  });
}
