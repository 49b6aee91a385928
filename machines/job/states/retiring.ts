import { withFailure, withOutput } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import { guestOf, type JobContext, jobRefOf, runnerOf, runnerRefOf } from '../context.ts';
import { begin, type JobSetup } from '../setup.ts';
import { type Goal, to } from './goals.ts';
import { pausing } from './phase-waits.ts';

const askGitHub = {
  id: 'askGitHub',
  src: 'askGitHub',
  input: ({ context }: { context: JobContext }) => ({ ...jobRefOf(context), ...runnerRefOf(context) }),
} as const;

/** Our runner has the job after all, or had it. */
const onOurRunner = [
  {
    guard: withOutput('has our runner the job'),
    target: to('running.busy'),
    actions: withOutput('noteJob'),
  },
  {
    guard: withOutput('did our runner have the job'),
    target: to('running.finishing'),
    actions: [withOutput('noteJob'), begin('finishing')],
  },
] as const;

/** The job goes on elsewhere, and this actor goes on with its VM. */
export function releasing(s: JobSetup, next: Goal) {
  return s.createStateConfig({
    description: 'The attempt is decided: the job goes on in an actor of its own, and the VM stays here.',
    tags: ['decided'],
    on: { 'job.released': { target: to(next), actions: 'leaveJob' } },
  });
}

/** An unanswered question keeps the VM: law 5 prefers a slot held too long to a build killed. */
function askingGuest(
  s: JobSetup,
  { description, whenNotWorking }: { description: string; whenNotWorking: Goal },
) {
  return s.createStateConfig({
    initial: 'acting',
    description,
    states: {
      acting: {
        invoke: {
          id: 'askGuest',
          src: 'askGuest',
          input: ({ context }) => ({ ...guestOf(context), runnerName: runnerOf(context).name }),
          onDone: [
            { guard: withOutput('is a job at work in the guest'), target: to('running.busy') },
            { guard: withOutput('is the asked VM gone'), target: to('tearingDown') },
            { target: to(whenNotWorking) },
          ],
          onError: [
            {
              guard: 'is the guest silent',
              target: 'askingGitHub',
              actions: withFailure('noteFailure'),
            },
            { target: 'waiting', actions: withFailure('noteFailure') },
          ],
        },
      },
      waiting: pausing(s, 'acting', 'needsAttention'),
      askingGitHub: {
        description:
          'The guest is silent, so GitHub is asked whether its runner is online and where the job is.',
        invoke: {
          ...askGitHub,
          onDone: [
            ...onOurRunner,
            { guard: withOutput('may the silent VM go'), target: to('tearingDown') },
            { guard: withOutput('is the job free of its runner'), target: 'releasing' },
            { target: 'waiting', actions: [withOutput('noteJob'), 'noteSilence'] },
          ],
          onError: { target: 'waiting', actions: [withFailure('noteFailure'), 'noteSilence'] },
        },
      },
      releasing: {
        description: 'The runner is offline and the job is queued: the job goes on in an actor of its own.',
        tags: ['decided'],
        on: { 'job.released': { target: 'waiting', actions: ['leaveJob', 'noteSilence'] } },
      },
    },
  });
}

/**
 * The protocol of law 5 for a runner that seems to have no job: ask the guest, deregister, wait the
 * confirmation window, ask again. GitHub's `busy` flag alone is never the witness, since it lags by up to a
 * minute; any sign of a job, at any step, leads back to `busy`. The job itself does not wait for the end of this: as
 * soon as the guest has no job and GitHub has ours queued, it goes on elsewhere (law 12).
 */
export function retiring(s: JobSetup) {
  return s.createStateConfig({
    initial: 'askingGuest',
    description: 'The runner seems to have no job, and is let go only when its guest has said so twice.',
    tags: ['mayBeBusy', 'leaving'],
    entry: begin('retireWindow'),
    on: {
      'operator.cancelled': { actions: 'cancelAttempt' },
      'job.unservable': { actions: 'abandon' },
      'job.released': { actions: 'leaveJob' },
    },
    states: {
      askingGuest: askingGuest(s, {
        description: 'The guest is asked whether a job is at work in it.',
        whenNotWorking: 'running.retiring.deregistering',
      }),
      deregistering: {
        initial: 'acting',
        description: 'GitHub is asked to remove the runner, so that it gives it no further job.',
        states: {
          acting: {
            invoke: {
              id: 'deregisterRunner',
              src: 'deregisterRunner',
              input: ({ context }) => runnerRefOf(context),
              onDone: [
                {
                  guard: withOutput('does GitHub call it busy'),
                  target: to('running.retiring.askingGuest.waiting'),
                  actions: 'noteBusyRunner',
                },
                {
                  guard: 'needs the job no further VM',
                  target: to('running.retiring.settling'),
                  actions: begin('retireWindow'),
                },
                { target: to('running.retiring.checkingJob'), actions: begin('retireWindow') },
              ],
              onError: { target: 'waiting', actions: withFailure('noteFailure') },
            },
          },
          waiting: pausing(s, 'acting', 'needsAttention'),
        },
      },
      checkingJob: {
        description: 'GitHub is asked for the job, so that it need not wait for the end of this VM.',
        invoke: {
          ...askGitHub,
          onDone: [
            ...onOurRunner,
            {
              guard: withOutput('does GitHub have the job queued'),
              target: to('running.retiring.releasing'),
            },
            { target: to('running.retiring.settling'), actions: withOutput('noteJob') },
          ],
          onError: to('running.retiring.settling'),
        },
      },
      releasing: releasing(s, 'running.retiring.settling'),
      settling: {
        description: 'The confirmation window: a job that was on its way to the runner would show by now.',
        tags: ['waiting'],
        invoke: invokeWait(
          'confirmationWindow',
          ({ phase }: JobContext) => phase.deadlineAt,
          'askingGuestAgain',
        ),
      },
      askingGuestAgain: askingGuest(s, {
        description: 'The guest is asked for the second time.',
        whenNotWorking: 'tearingDown',
      }),
    },
  });
}
