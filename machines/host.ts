import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import { withFailure } from './effect-ends.ts';
import type { Failure } from './failure.ts';
import { sentences } from './sentences.ts';
import { invokeWait, waitUntil } from './waits.ts';

/** One VM as the host's agent lists it, whether it is ours or not. */
export interface HostVm {
  /** Empty when it cannot be read; the same holds for the name. */
  id: string;
  name: string;
  /** `unreadable` when it cannot be read. */
  state: string;
  /** Epoch ms, on the host's clock, whole seconds. */
  createdAt: number;
}

/** What one look at a host showed. */
export interface HostLook {
  version: string;
  /** Seconds since the agent started: a decrease reveals a restart, and a restart ends every ephemeral VM. */
  uptime: number;
  /** VMs that may run at once: the smaller of the operator's limit and the agent's. */
  slots: number;
  vms: HostVm[];
}

export interface HostContext {
  name: string;
  look: HostLook | null;
  /** Epoch ms of the last look that succeeded. */
  seenAt: number | null;
  /** Epoch ms since which no look succeeded. */
  unreachableSince: number | null;
  /** Milliseconds of this silence that were watched. Time in which the daemon slept or was down does not count. */
  silentFor: number;
  /** Epoch ms of the last look that failed since the daemon started. */
  missedAt: number | null;
  nextLookAt: number;
  /** Something changed during the present look, which may have read the list before: another look follows at once. */
  lookAgain: boolean;
  restartsSeen: number;
  failure: Failure | null;
}

export interface HostPolicy {
  /** Milliseconds between looks. */
  checkInterval: number;
  /** Milliseconds of silence after which the host is lost and its jobs go on without it. */
  lostAfter: number;
}

/** Milliseconds within which a look without an answer ends. */
const LONGEST_LOOK = 30_000;

/** Sent when something is known to have changed, so that a free slot is found before the next regular look. */
export type HostEvent = { type: 'look.requested' };

/** One Mac, which the daemon looks at for as long as it runs. Only a `healthy` host gets jobs. */
export function createHostMachine({ policy, now }: { policy: HostPolicy; now: () => number }) {
  const s = setup({
    types: {
      context: {} as HostContext,
      events: {} as HostEvent,
      input: {} as {
        name: string;
        /** Milliseconds of watched silence at the last stop of the daemon; 0 without any. */
        silentFor: number;
      },
      tags: {} as 'acceptsJobs' | 'lost' | 'needsAttention',
    },
    actors: {
      lookAtHost: fromPromise<HostLook, { name: string }>(async () => {
        throw new Error('the effect lookAtHost is given by machine.provide');
      }),
      waitUntil,
    },
    guards: {
      'is the host lost': ({ context }) => context.silentFor >= policy.lostAfter,
    },
    actions: {
      noteFailure: assign(({ context }, failure: Failure) => ({
        failure,
        unreachableSince: context.unreachableSince ?? now() - context.silentFor,
        silentFor:
          context.silentFor +
          Math.min(now() - (context.missedAt ?? now()), policy.checkInterval + LONGEST_LOOK),
        missedAt: now(),
        nextLookAt: now() + policy.checkInterval,
        lookAgain: false,
      })),
    },
  });

  const looking = s.createStateConfig({
    on: { 'look.requested': { actions: assign({ lookAgain: true }) } },
    invoke: {
      id: 'lookAtHost',
      src: 'lookAtHost',
      input: ({ context }) => ({ name: context.name }),
      onDone: {
        target: '#host.healthy.waiting',
        actions: assign(({ context, event }) => ({
          look: event.output,
          seenAt: now(),
          unreachableSince: null,
          silentFor: 0,
          missedAt: null,
          failure: null,
          nextLookAt: now() + (context.lookAgain ? 0 : policy.checkInterval),
          lookAgain: false,
          restartsSeen:
            context.restartsSeen +
            (context.look !== null && event.output.uptime < context.look.uptime ? 1 : 0),
        })),
      },
      onError: { target: '#host.missed', actions: withFailure('noteFailure') },
    },
  });
  const waiting = s.createStateConfig({
    on: { 'look.requested': 'looking' },
    invoke: invokeWait('lookWait', ({ nextLookAt }: HostContext) => nextLookAt, 'looking'),
  });

  return s.createMachine({
    id: 'host',
    context: ({ input }) => ({
      name: input.name,
      look: null,
      seenAt: null,
      unreachableSince: null,
      silentFor: input.silentFor,
      missedAt: null,
      nextLookAt: now(),
      lookAgain: false,
      restartsSeen: 0,
      failure: null,
    }),
    initial: 'unknown',
    states: {
      unknown: {
        description: sentences(
          'Entered when the daemon starts.',
          'The host gets no jobs, and the daemon looks at it at once.',
          'A look that succeeds leads to `healthy`; one that fails leads to `missed`.',
        ),
        initial: 'looking',
        states: { looking, waiting },
      },
      healthy: {
        description: sentences(
          'Entered when a look at the host succeeds.',
          'The host gets jobs; the next look follows after the check interval, or at once when something asks for it.',
          'A look that succeeds keeps this state; one that fails leads to `missed`.',
        ),
        tags: ['acceptsJobs'],
        initial: 'waiting',
        states: { looking, waiting },
      },
      missed: {
        description: sentences(
          'Entered when a look at the host fails, and left at once.',
          'If the silence that the daemon watched has reached its limit, this leads to `lost`; otherwise it leads to `unreachable`.',
        ),
        always: [{ guard: 'is the host lost', target: 'lost' }, { target: 'unreachable' }],
      },
      unreachable: {
        description: sentences(
          'Entered from `missed` while the silence is below its limit.',
          'The host gets no new jobs, and the jobs on it go on; looks continue at the check interval, or at once when something asks for one.',
          'A look that succeeds leads to `healthy`; one that fails leads to `missed`, where the silence is judged.',
        ),
        tags: ['needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
      lost: {
        description: sentences(
          'Entered from `missed` when the silence has reached its limit.',
          'An event tells the jobs on the host that it is lost, and those that are not at work get another VM; looks continue.',
          'A look that succeeds leads to `healthy`; one that fails leads to `missed` and back to this state.',
        ),
        tags: ['lost', 'needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
    },
  });
}

export type HostMachine = ReturnType<typeof createHostMachine>;
export type HostSnapshot = SnapshotFrom<HostMachine>;
