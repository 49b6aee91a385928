import { assign, fromPromise, type SnapshotFrom, setup } from 'xstate';
import { withFailure } from './effect-ends.ts';
import type { Failure } from './failure.ts';
import type { HostLook } from './host-look.ts';
import { sentences } from './sentences.ts';
import { invokeWait, waitUntil } from './waits.ts';

export const PROOF_CAUSES = ['lost', 'restarted', 'maintained'] as const;

/** Why a host has to prove with one VM that it works, before it gets a second one. */
export interface Proof {
  cause: (typeof PROOF_CAUSES)[number];
  /** Epoch ms at which it came back, or at which its maintenance began. */
  since: number;
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
  /** Epoch ms since which the agent is known to refuse changes; null while it takes them, as far as is known. */
  maintenanceSince: number | null;
  /** Null when the host works, as far as is known. */
  proof: Proof | null;
}

export interface HostPolicy {
  /** Milliseconds between looks. */
  checkInterval: number;
  /** Milliseconds of silence after which the host is lost and its jobs go on without it. */
  lostAfter: number;
}

/** Milliseconds within which a look without an answer ends. */
const LONGEST_LOOK = 30_000;

/** Milliseconds by which a second of the agent's uptime and our clock may differ. */
const UPTIME_MARGIN = 3_000;

export type HostEvent =
  /** Something is known to have changed, so that a free slot is found before the next regular look. */
  | { type: 'look.requested' }
  /** The agent refused a change, since it is in maintenance. It still serves requests that only read. */
  | { type: 'maintenance.seen' }
  /** A maintenance that the agent does not know of begins or is over: a window of the config, an operator's order. */
  | { type: 'proof.demanded' }
  /** The runner of a VM that was being made on this host came online, or its warm VM is ready. */
  | { type: 'vm.usable' };

export interface HostMachineParts {
  policy: HostPolicy;
  now: () => number;
  /** Epoch ms at which an earlier daemon was last known to run; null without one. */
  heardLast?: () => number | null;
}

/** One Mac, which the daemon looks at for as long as it runs. Only a host that is `healthy` or `proving` gets jobs. */
export function createHostMachine({ policy, now, heardLast = () => null }: HostMachineParts) {
  const s = setup({
    types: {
      context: {} as HostContext,
      events: {} as HostEvent,
      input: {} as {
        name: string;
        /** Of the last stop of the daemon: watched silence (ms), and what the host still had to prove. */
        silentFor: number;
        proof?: Proof | null;
        /** Epoch ms at which a host of this name last answered, at another address; null when none did. */
        seenAt?: number | null;
      },
      tags: {} as 'acceptsJobs' | 'answers' | 'proves' | 'refusesChanges' | 'lost' | 'needsAttention',
    },
    actors: {
      lookAtHost: fromPromise<HostLook, { name: string; asksForMaintenance: boolean }>(async () => {
        throw new Error('the effect lookAtHost is given by machine.provide');
      }),
      waitUntil,
    },
    guards: {
      'is the host lost': ({ context }) => context.silentFor >= policy.lostAfter,
      'is it in maintenance': ({ context }) => context.maintenanceSince !== null,
      'has it something to prove': ({ context }) => context.proof !== null,
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
      noteLook: assign(({ context }, look: HostLook) => {
        const isOver = look.isInMaintenance === false;
        const returned = returnedFrom(context, look, policy.lostAfter, heardLast() ?? now());
        return {
          look,
          seenAt: now(),
          unreachableSince: null,
          silentFor: 0,
          missedAt: null,
          failure: null,
          nextLookAt: now() + (context.lookAgain ? 0 : policy.checkInterval),
          lookAgain: false,
          restartsSeen: context.restartsSeen + (hasRestarted(context, look) ? 1 : 0),
          maintenanceSince: isOver ? null : context.maintenanceSince,
          proof: returned === null ? context.proof : { cause: returned, since: now() },
        };
      }),
      noteMaintenance: assign(({ context }) => ({
        maintenanceSince: context.maintenanceSince ?? now(),
        nextLookAt: now() + policy.checkInterval,
      })),
      demandProof: assign({ proof: () => ({ cause: 'maintained' as const, since: now() }) }),
      forgetProof: assign({ proof: null }),
    },
  });

  /** What the host comes back from with this look; null when it was there all the time. */
  function returnedFrom(context: HostContext, look: HostLook, lostAfter: number, heard: number) {
    if (context.silentFor >= lostAfter) return 'lost';
    if (context.maintenanceSince !== null && look.isInMaintenance === false) return 'maintained';
    const startedAt = now() - look.uptime * 1_000;
    const sinceTheEarlierDaemon = context.look === null && startedAt > heard + UPTIME_MARGIN;
    return hasRestarted(context, look) || sinceTheEarlierDaemon ? 'restarted' : null;
  }

  const looking = s.createStateConfig({
    on: { 'look.requested': { actions: assign({ lookAgain: true }) } },
    invoke: {
      id: 'lookAtHost',
      src: 'lookAtHost',
      input: ({ context }) => ({
        name: context.name,
        asksForMaintenance: context.maintenanceSince !== null,
      }),
      onDone: {
        target: '#host.answered',
        actions: { type: 'noteLook', params: ({ event }) => event.output },
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
      seenAt: input.seenAt ?? null,
      unreachableSince: null,
      silentFor: input.silentFor,
      missedAt: null,
      nextLookAt: now(),
      lookAgain: false,
      restartsSeen: 0,
      failure: null,
      maintenanceSince: null,
      proof: input.proof ?? null,
    }),
    initial: 'unknown',
    on: { 'maintenance.seen': { actions: 'noteMaintenance' }, 'proof.demanded': { actions: 'demandProof' } },
    states: {
      unknown: {
        description: sentences(
          'Entered when the daemon starts.',
          'The host gets no jobs, and the daemon looks at it at once.',
          'A look that succeeds leads to `answered`; one that fails leads to `missed`.',
        ),
        initial: 'looking',
        states: { looking, waiting },
      },
      answered: {
        description: sentences(
          'Entered when a look at the host succeeds, and left at once.',
          'A host whose agent refuses changes leads to `maintenance`; one that has something to prove leads to `proving`, and every other one to `healthy`.',
        ),
        always: [
          { guard: 'is it in maintenance', target: 'maintenance' },
          { guard: 'has it something to prove', target: 'proving' },
          { target: 'healthy' },
        ],
      },
      healthy: {
        description: sentences(
          'Entered from `answered` when the host has nothing to prove, and from `proving` when its first VM works.',
          'The host gets jobs; the next look follows after the check interval, or at once when something asks for it.',
          'A look that succeeds leads to `answered` and back; one that fails leads to `missed`.',
          'An agent that refuses a change leads to `maintenance`; a maintenance window that begins, or a cordon that ends by itself, leads to `proving`.',
        ),
        tags: ['acceptsJobs', 'answers'],
        on: {
          'maintenance.seen': { target: 'maintenance', actions: 'noteMaintenance' },
          'proof.demanded': { target: 'proving', actions: 'demandProof' },
        },
        initial: 'waiting',
        states: { looking, waiting },
      },
      proving: {
        description: sentences(
          'Entered from `answered` after the host was lost, after its agent was restarted and after a maintenance of the agent.',
          'Entered from `healthy` when a cordon ends by itself, and when a maintenance window begins: a window also drains the host, so the host proves itself after the window.',
          'The host gets jobs, but only one VM is made on it at a time.',
          'The first of these VMs whose runner comes online, or that is ready as a warm VM, leads to `healthy`.',
          'The daemon looks at the host as in `healthy`: a look that succeeds leads to `answered` and from there back to this state, and a look that fails leads to `missed`.',
          'An agent that refuses a change leads to `maintenance`.',
        ),
        tags: ['acceptsJobs', 'answers', 'proves'],
        on: {
          'maintenance.seen': { target: 'maintenance', actions: 'noteMaintenance' },
          'vm.usable': { target: 'healthy', actions: 'forgetProof' },
        },
        initial: 'waiting',
        states: { looking, waiting },
      },
      maintenance: {
        description: sentences(
          'Entered when the agent refuses a change because it is in maintenance, and from `answered` as long as the maintenance lasts.',
          'The host gets no new jobs, and its jobs that do not run yet go on at other hosts.',
          'Each look at the host asks whether the agent takes changes again.',
          'If it does, the look leads to `answered` and from there to `proving`; if it does not, the look leads to `answered` and back to this state.',
          'A look that fails leads to `missed`.',
        ),
        tags: ['answers', 'refusesChanges', 'needsAttention'],
        on: { 'maintenance.seen': {} },
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
          'A look that succeeds leads to `answered`; one that fails leads to `missed`, where the silence is judged.',
        ),
        tags: ['needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
      lost: {
        description: sentences(
          'Entered from `missed` when the silence has reached its limit.',
          'An event tells the jobs on the host that it is lost, and those that do not run yet get another VM; looks continue.',
          'A look that succeeds leads to `answered`; one that fails leads to `missed` and back to this state.',
        ),
        tags: ['lost', 'needsAttention'],
        initial: 'waiting',
        states: { looking, waiting },
      },
    },
  });
}

/** A decrease of the uptime: the agent was restarted between the last two looks. */
const hasRestarted = ({ look: before }: HostContext, { uptime }: HostLook) =>
  before !== null && uptime < before.uptime;

export type HostMachine = ReturnType<typeof createHostMachine>;
export type HostSnapshot = SnapshotFrom<HostMachine>;
