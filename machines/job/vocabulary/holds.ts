import { assertEvent, assign } from 'xstate';
import { type HoldEnd, NO_RETRY } from '../context.ts';
import type { JobEffects } from '../effects.ts';
import { holdAfter, restarted } from '../hold.ts';
import type { JobMachineOptions } from '../policy.ts';
import { setupWithNews } from './news.ts';

/** Actions about a VM that is kept for a person. */
export function setupWithHolds(options: JobMachineOptions) {
  const { policy, now } = options;
  return setupWithNews(options).extend({
    actions: {
      /** To be done before the job is left: it has the order for its VM. */
      planHold: assign({ hold: ({ context }) => context.hold ?? holdAfter(context, policy, now()) }),
      orderHold: assign({
        job: ({ context, event }) => {
          assertEvent(event, 'operator.held');
          return { ...context.job, holdOrder: { by: event.by, at: now(), lasts: event.lasts } };
        },
      }),
      withdrawHold: assign({
        job: ({ context }) => ({ ...context.job, holdOrder: null }),
        hold: ({ context }) => context.hold && { ...context.hold, ended: 'released' as const },
      }),
      extendHold: assign({
        hold: ({ context, event }) => {
          assertEvent(event, 'operator.held');
          const { by, lasts } = event;
          return context.hold && restarted({ ...context.hold, by, at: now(), lasts }, now());
        },
      }),
      /** The person gets the whole time, although the runner had to be removed from GitHub first. */
      openHold: assign({
        hold: ({ context }) => context.hold && restarted(context.hold, now()),
      }),
      noteAddresses: assign(({ context }, { ssh, vnc }: JobEffects['openVm']['output']) => ({
        hold: context.hold && { ...context.hold, vnc },
        vm: context.vm && { ...context.vm, address: ssh ?? context.vm.address },
      })),
      /** The deletion has pauses and limits of its own, which begin now. */
      endHold: assign(({ context }, params: { because: HoldEnd }) => ({
        hold: context.hold && { ...context.hold, ended: params.because },
        phase: { ...NO_RETRY, enteredAt: now(), deadlineAt: now() },
      })),
    },
  });
}
