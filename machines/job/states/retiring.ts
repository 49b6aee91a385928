import { withFailure, withOutput } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import { guestOf, type JobContext, runnerOf, runnerRefOf } from '../context.ts';
import { begin, type JobSetup, type StateConfig } from '../setup.ts';
import { type Goal, to } from './goals.ts';
import { retried } from './phase-waits.ts';

/** An unanswered question keeps the VM: law 5 prefers a slot held too long to a build killed. */
function asking(s: JobSetup, description: string, acting: StateConfig) {
  return retried(s, description, acting, 'needsAttention');
}

function askingGuest(s: JobSetup, description: string, whenNotWorking: Goal) {
  return asking(
    s,
    description,
    s.createStateConfig({
      invoke: {
        id: 'askGuest',
        src: 'askGuest',
        input: ({ context }) => ({ ...guestOf(context), runnerName: runnerOf(context).name }),
        onDone: [
          { guard: withOutput('is a job at work in the guest'), target: to('running.busy') },
          { guard: withOutput('is the asked VM gone'), target: to('tearingDown') },
          { target: to(whenNotWorking) },
        ],
        onError: { target: 'waiting', actions: withFailure('noteFailure') },
      },
    }),
  );
}

/**
 * The protocol of law 5 for a runner that seems to have no job: ask the guest, deregister, wait the
 * confirmation window, ask again. GitHub's `busy` flag alone is never the witness, since it lags by up to a
 * minute; any sign of a job, at any step, leads back to `busy`.
 */
export function retiring(s: JobSetup) {
  return s.createStateConfig({
    initial: 'askingGuest',
    description: 'The runner seems to have no job, and is let go only when its guest has said so twice.',
    tags: ['mayBeBusy'],
    entry: begin('retireWindow'),
    on: { 'operator.cancelled': { actions: 'cancelAttempt' } },
    states: {
      askingGuest: askingGuest(
        s,
        'The guest is asked whether a job is at work in it.',
        'running.retiring.deregistering',
      ),
      deregistering: asking(
        s,
        'GitHub is asked to remove the runner, so that it gives it no further job.',
        s.createStateConfig({
          invoke: {
            id: 'deregisterRunner',
            src: 'deregisterRunner',
            input: ({ context }) => runnerRefOf(context),
            onDone: [
              { guard: withOutput('does GitHub call it busy'), target: to('running.busy') },
              { target: to('running.retiring.settling'), actions: begin('retireWindow') },
            ],
            onError: { target: 'waiting', actions: withFailure('noteFailure') },
          },
        }),
      ),
      settling: {
        description: 'The confirmation window: a job that was on its way to the runner would show by now.',
        tags: ['waiting'],
        invoke: invokeWait(
          'confirmationWindow',
          ({ phase }: JobContext) => phase.deadlineAt,
          'askingGuestAgain',
        ),
      },
      askingGuestAgain: askingGuest(s, 'The guest is asked for the second time.', 'tearingDown'),
    },
  });
}
