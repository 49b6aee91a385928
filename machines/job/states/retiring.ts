import { withFailure, withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { invokeWait } from '../../waits.ts';
import { guestOf, type JobContext, jobRefOf, runnerOf, runnerRefOf } from '../context.ts';
import { begin, type JobSetup } from '../vocabulary/setup.ts';
import { type Goal, to } from './goals.ts';
import { pausing } from './phase-waits.ts';

const askGitHub = {
  id: 'askGitHub',
  src: 'askGitHub',
  input: ({ context }: { context: JobContext }) => ({ ...jobRefOf(context), ...runnerRefOf(context) }),
} as const;

/** GitHub says that our runner has the job or had it. */
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

/** The job goes on in another actor, and this one keeps the VM. */
export function releasing(s: JobSetup, next: Goal) {
  return s.createStateConfig({
    description: sentences(
      'Entered when the attempt is decided because GitHub still has the job queued.',
      `The dispatcher moves the job to an actor of its own, and the VM stays here: this leads on to \`${next}\`.`,
    ),
    tags: ['decided'],
    on: { 'job.released': { target: to(next), actions: ['planHold', 'leaveJob'] } },
  });
}

const ASK_AGAIN =
  "A failed question is repeated after a pause, which an operator's retry ends; a guest that is silent for too long leads to `askingGitHub`.";

const GONE = { target: to('tearingDown') } as const;
/** At the first look. Nobody saw when the VM went. */
const GONE_UNSEEN = { ...GONE, actions: 'noteGoneUnseen' } as const;

/**
 * Without an answer of the guest the VM stays: law 5 prefers a slot that is held too long to a build that is killed.
 */
function askingGuest(
  s: JobSetup,
  {
    description,
    whenNotWorking,
    gone,
  }: { description: string; whenNotWorking: Goal; gone: typeof GONE | typeof GONE_UNSEEN },
) {
  return s.createStateConfig({
    initial: 'acting',
    description: sentences(description, ASK_AGAIN),
    on: { 'vm.vanished': gone },
    states: {
      acting: {
        invoke: {
          id: 'askGuest',
          src: 'askGuest',
          input: ({ context }) => ({ ...guestOf(context), runnerName: runnerOf(context).name }),
          onDone: [
            { guard: withOutput('is a job at work in the guest'), target: to('running.busy') },
            { guard: withOutput('is the asked VM gone'), ...gone },
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
        description: sentences(
          'Entered when the guest is silent for too long.',
          'GitHub is asked for the runner and the job: a job that runs on this runner leads to `busy`, and one that ended on it to `finishing`.',
          'If the runner is not online, a VM that is past its lifetime and a margin leads to `tearingDown`, and otherwise a queued job leads to `releasing`.',
          'In every other case, also when GitHub cannot be asked, the guest is asked again after a pause that grows with the silence.',
        ),
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
        description: sentences(
          'Entered when the runner is not online and GitHub still has the job queued, so the attempt is decided.',
          'The dispatcher moves the job to an actor of its own, and the guest is asked again after a pause.',
        ),
        tags: ['decided'],
        on: { 'job.released': { target: 'waiting', actions: ['planHold', 'leaveJob', 'noteSilence'] } },
      },
    },
  });
}

/**
 * The protocol of law 5 for a runner that seems to have no job: ask the guest, deregister, wait for the end of the
 * confirmation window, ask again. GitHub's `busy` flag alone is never believed, since it is up to a minute late; any
 * sign of a job, at any step, leads back to `busy`. The job itself does not wait for the end of this protocol: as soon
 * as the guest has no job and GitHub has ours queued, it goes on in another actor (law 12).
 */
export function retiring(s: JobSetup) {
  return s.createStateConfig({
    initial: 'askingGuest',
    description: sentences(
      'Entered when the runner seems to have no job or is to be removed, and when a VM is adopted.',
      'The guest is asked for a job, the runner is removed from GitHub, and after a confirmation window the guest is asked a second time; if it has no job both times, this leads to `tearingDown`.',
      'Any sign of a job on this runner leads to `busy`, or to `finishing` if that job ended.',
      'As soon as it is certain that a queued job does not run here, the job goes on in an actor of its own.',
      "An operator's cancel and a job that is no longer servable are only noted; the only deadline is the lifetime of the VM.",
    ),
    tags: ['mayBeBusy', 'leaving'],
    entry: begin('retireWindow'),
    on: {
      'operator.cancelled': { actions: 'cancelAttempt' },
      'job.unservable': { actions: 'abandon' },
      'job.released': { actions: ['planHold', 'leaveJob'] },
    },
    states: {
      askingGuest: askingGuest(s, {
        description: sentences(
          'Entered at the start of `retiring`, and after a pause when GitHub refuses to remove the runner.',
          'The guest is asked whether a job runs in it: yes leads to `busy`, no to `deregistering`, and a VM that is gone to `tearingDown`.',
        ),
        whenNotWorking: 'running.retiring.deregistering',
        gone: GONE_UNSEEN,
      }),
      deregistering: {
        initial: 'acting',
        description: sentences(
          'Entered when the guest has no job.',
          'GitHub is asked to remove the runner, so that it gives the runner no further job.',
          'Success leads to `checkingJob`, or to `settling` if the job needs no further VM; if GitHub refuses because the runner has a job, this leads to `askingGuest`, which asks after a pause.',
          "A failed request is repeated after a pause, which an operator's retry ends.",
        ),
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
        description: sentences(
          'Entered when the runner is removed from GitHub and its job may still be queued.',
          'GitHub is asked for the job, so that a queued job does not wait for the end of this VM.',
          'A job that runs on this runner leads to `busy`, one that ended on it to `finishing`, and one that is queued to `releasing`.',
          'Any other answer and a failed question lead to `settling`.',
        ),
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
        description: sentences(
          'Entered when the runner is removed from GitHub.',
          'The daemon waits for the confirmation window, because a job may have been on its way to the runner.',
          'The end of the window leads to `askingGuestAgain`.',
        ),
        tags: ['waiting'],
        invoke: invokeWait(
          'confirmationWindow',
          ({ phase }: JobContext) => phase.deadlineAt,
          'askingGuestAgain',
        ),
      },
      askingGuestAgain: askingGuest(s, {
        description: sentences(
          'Entered at the end of the confirmation window.',
          'The guest is asked a second time: a job that runs in it leads to `busy`; no job, and a VM that is gone, lead to `tearingDown`.',
        ),
        whenNotWorking: 'tearingDown',
        gone: GONE,
      }),
    },
  });
}
