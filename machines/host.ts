import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import { withFailure } from './effect-ends.ts';
import type { Failure } from './failure.ts';
import { invokeWait, waitUntil } from './waits.ts';

/** One VM as the host's agent lists it, ours or a stranger's. */
export interface HostVm {
  /** Empty when it cannot be read, as the name. */
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
  /** Epoch ms of the last answered look. */
  seenAt: number | null;
  /** Epoch ms since which no look was answered. */
  unreachableSince: number | null;
  /** Milliseconds of this silence that were watched. What passed while the daemon slept or was down is no part of it. */
  silentFor: number;
  /** Epoch ms of the last look without an answer in this life of the daemon. */
  missedAt: number | null;
  nextLookAt: number;
  /** Something changed during the look under way, which may have read the list before: another one follows. */
  lookAgain: boolean;
  restartsSeen: number;
  failure: Failure | null;
}

export interface HostPolicy {
  /** Milliseconds between looks. */
  checkInterval: number;
  /** Milliseconds without an answer after which jobs of this host are decided without it. */
  lostAfter: number;
}

/** Milliseconds: a look that is not answered ends within this. */
const LONGEST_LOOK = 30_000;

/** Asked for when something is known to have changed, so that a freed slot is not found by waiting. */
export type HostEvent = { type: 'look.requested' };

/** One Mac: looked at for as long as the daemon lives. Only a `healthy` host is given jobs. */
export function createHostMachine({ policy, now }: { policy: HostPolicy; now: () => number }) {
  const s = setup({
    types: {
      context: {} as HostContext,
      events: {} as HostEvent,
      input: {} as {
        name: string;
        /** The watched silence that an earlier life of the daemon ended in; 0 without any. */
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
        description: 'The daemon has just started: no look was answered yet.',
        initial: 'looking',
        states: { looking, waiting },
      },
      healthy: {
        description: 'The last look was answered: the host is given jobs.',
        tags: ['acceptsJobs'],
        initial: 'waiting',
        states: { looking, waiting },
      },
      missed: {
        description: 'A look was not answered, and it is decided for how long already.',
        always: [{ guard: 'is the host lost', target: 'lost' }, { target: 'unreachable' }],
      },
      unreachable: {
        description: 'It gets no jobs; those that it has go on.',
        tags: ['needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
      lost: {
        description: 'Silent for too long: its jobs are decided without it.',
        tags: ['lost', 'needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
    },
  });
}

export type HostMachine = ReturnType<typeof createHostMachine>;
export type HostSnapshot = SnapshotFrom<HostMachine>;
