import { withOutput } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { invokeWait } from '../../waits.ts';
import { type HoldEnd, type JobContext, vmIdOf, vmOf } from '../context.ts';
import type { JobEvent } from '../events.ts';
import type { JobSetup, StateConfig } from '../vocabulary/setup.ts';

const ended = (because: HoldEnd) =>
  ({ target: 'acting', actions: { type: 'endHold', params: { because } } }) as const;

/** The end of a hold as the scheduler orders it. */
const endedFor = {
  target: 'acting',
  actions: {
    type: 'endHold',
    params: ({ event }: { event: JobEvent }) => ({
      because: event.type === 'hold.ended' ? event.because : ('over' as const),
    }),
  },
} as const;

const ENDS =
  'The hold ends, and the VM is deleted, if the time of the hold is over, an operator releases the VM, a job needs the slot, the host is lost or takes no jobs, or the VM is gone.';
const EXTENDS = "An operator's further order extends it, up to its latest end.";

/**
 * Returns the states in which the VM of a failed attempt or job is kept for a person (an exception to law 14). They
 * come between the end of the work and the deletion: before them, the guest was asked, or its runner has ended. Each
 * of them ends by itself and has all the ways out: a hold must not keep the teardown from its end.
 */
export function holding(s: JobSetup) {
  const state = (name: 'askingToHold' | 'unregistering' | 'opening' | 'held', config: StateConfig) =>
    s.createStateConfig({
      ...config,
      tags: ['holdsSlot', 'held', 'waiting', ...(name === 'askingToHold' ? (['asksToHold'] as const) : [])],
      on: {
        'hold.ended': endedFor,
        'operator.released': ended('released'),
        'host.lost': ended('hostLost'),
        'host.drained': ended('hostClosed'),
        'vm.vanished': ended('vmGone'),
        // The wait for its end starts again with the new instant.
        'operator.held': { target: name, reenter: true, actions: 'extendHold' },
        ...config.on,
      },
      invoke: [
        invokeWait('holdEnd', ({ hold }: JobContext) => hold?.until ?? 0, ended('over')),
        ...[config.invoke ?? []].flat(),
      ] as StateConfig['invoke'],
    });

  return {
    askingToHold: state(
      'askingToHold',
      s.createStateConfig({
        description: sentences(
          'Entered when the attempt or the job failed, and its label or an operator wants to hold the VM.',
          'The scheduler decides at once: it refuses if another VM of the host is held, if a job needs the slot, or if the host takes no jobs; otherwise this leads to `unregistering`.',
          ENDS,
        ),
        on: { 'hold.granted': 'unregistering' },
      }),
    ),
    unregistering: state(
      'unregistering',
      s.createStateConfig({
        description: sentences(
          'Entered when the VM may be held.',
          'The part `runner` removes the runner from GitHub, so that nobody in the VM can start it for a job that would be killed; its end leads to `opening`.',
          'If the runner is left to the collector, the VM is deleted.',
          ENDS,
        ),
        always: [
          { guard: 'is its runner left behind', ...ended('runnerLeft') },
          { guard: 'is its runner gone', target: 'opening', actions: 'openHold' },
        ],
      }),
    ),
    opening: state(
      'opening',
      s.createStateConfig({
        description: sentences(
          'Entered when the runner is removed from GitHub.',
          'The agent is asked to forward SSH and screen sharing of the VM: this leads to `held`, also if the agent cannot forward them.',
          'A VM that does not run ends the hold.',
          ENDS,
        ),
        invoke: {
          id: 'openVm',
          src: 'openVm',
          input: ({ context }) => ({ host: vmOf(context).host, vmId: vmIdOf(context) }),
          onDone: [
            {
              guard: withOutput('does the held VM run'),
              target: 'held',
              actions: withOutput('noteAddresses'),
            },
            ended('vmGone'),
          ],
          // The address of the first login still leads to the guest, if anything does.
          onError: 'held',
        },
      }),
    ),
    held: state(
      'held',
      s.createStateConfig({
        description: sentences(
          'Entered when the VM is open for a person.',
          'It keeps its slot and waits for the end of the hold.',
          ENDS,
          EXTENDS,
        ),
      }),
    ),
  };
}
