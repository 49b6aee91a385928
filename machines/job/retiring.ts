import { guestOf, runnerOf, runnerRefOf } from './context-access.ts';
import { begin, type StateConfig } from './provisioning-state.ts';
import type { JobSetup } from './setup.ts';

/** An unanswered question keeps the VM: law 5 prefers a slot held too long to a build killed. */
function asking(s: JobSetup, acting: StateConfig) {
  return s.createStateConfig({
    initial: 'acting',
    states: {
      acting,
      waiting: {
        tags: ['waiting', 'needsAttention'],
        on: { 'operator.retried': 'acting' },
        invoke: {
          id: 'retryWait',
          src: 'waitUntil',
          input: ({ context }) => ({ at: context.phase.nextTryAt }),
          onDone: 'acting',
          onError: 'acting',
        },
      },
    },
  });
}

function askingGuest(s: JobSetup, whenNotWorking: string) {
  return asking(
    s,
    s.createStateConfig({
      invoke: {
        id: 'askGuest',
        src: 'askGuest',
        input: ({ context }) => ({ ...guestOf(context), runnerName: runnerOf(context).name }),
        onDone: [
          { guard: ({ event }) => event.output.answer === 'working', target: '#job.running.busy' },
          { guard: ({ event }) => event.output.answer === 'vanished', target: '#job.tearingDown' },
          { target: whenNotWorking },
        ],
        onError: { target: 'waiting', actions: 'noteFailure' },
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
    tags: ['mayBeBusy'],
    entry: begin('retireWindow'),
    on: { 'operator.cancelled': { actions: 'cancelAttempt' } },
    states: {
      askingGuest: askingGuest(s, '#job.running.retiring.deregistering'),
      deregistering: asking(
        s,
        s.createStateConfig({
          invoke: {
            id: 'deregisterRunner',
            src: 'deregisterRunner',
            input: ({ context }) => runnerRefOf(context),
            onDone: [
              { guard: ({ event }) => event.output.answer === 'busy', target: '#job.running.busy' },
              { target: '#job.running.retiring.settling', actions: begin('retireWindow') },
            ],
            onError: { target: 'waiting', actions: 'noteFailure' },
          },
        }),
      ),
      settling: {
        tags: ['waiting'],
        invoke: {
          id: 'confirmationWindow',
          src: 'waitUntil',
          input: ({ context }) => ({ at: context.phase.deadlineAt }),
          onDone: 'askingGuestAgain',
          onError: 'askingGuestAgain',
        },
      },
      askingGuestAgain: askingGuest(s, '#job.tearingDown'),
    },
  });
}
