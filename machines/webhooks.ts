import { assertEvent, assign, fromPromise, type StateValueFrom, setup } from 'xstate';
import { withFailure } from './effect-ends.ts';
import type { Failure } from './failure.ts';
import { sentences } from './sentences.ts';
import type { TopState } from './state-path.ts';
import { invokeWait, waitUntil } from './waits.ts';

/** The webhook that GitHub's deliveries come from, as its own API names it. */
export type HookRef =
  | { kind: 'repository'; owner: string; repository: string; id: number }
  | { kind: 'organization'; owner: string; id: number }
  | { kind: 'app' };

export interface WebhooksContext {
  /** Learned from deliveries; null before the first. */
  hook: HookRef | null;
  /** Epoch ms of the last genuine delivery. */
  deliveredAt: number | null;
  /** The last event at GitHub without a delivery; `at` in epoch ms. */
  gap: { at: number; why: string } | null;
  /** Epoch ms since which failed deliveries were not asked for again. */
  repairedUntil: number;
  /** How many deliveries GitHub was asked to send again. */
  redelivered: number;
  /** Why GitHub could not be asked; null when it could. */
  failure: Failure | null;
  /** Epoch ms at which the present state looks again. */
  lookAt: number;
}

export type WebhooksEvent =
  /** A genuine delivery was stored. */
  | { type: 'delivery.accepted'; hook: HookRef | null }
  /** An event happened at GitHub, and no delivery reported it in time. */
  | { type: 'gap.found'; why: string };

export interface WebhooksPolicy {
  /** Milliseconds without a further gap after which webhooks are trusted again. */
  trustAfter: number;
  /** Milliseconds between looks for failed deliveries while all is well. */
  lookAgainAfter: number;
  /** Milliseconds for which GitHub keeps deliveries (three days; Enterprise Server seven). */
  kept: number;
}

export const DEFAULT_WEBHOOKS_POLICY: WebhooksPolicy = {
  trustAfter: 5 * 60_000,
  lookAgainAfter: 15 * 60_000,
  kept: 3 * 24 * 3_600_000,
};

/**
 * Whether webhooks can be relied on. GitHub does not repeat a failed delivery by itself, so the daemon asks for it;
 * while webhooks are doubted, the daemon polls at the short interval.
 */
export function createWebhooksMachine({ policy, now }: { policy: WebhooksPolicy; now: () => number }) {
  const s = setup({
    types: {
      context: {} as WebhooksContext,
      events: {} as WebhooksEvent,
      tags: {} as 'trusted' | 'needsAttention',
    },
    actors: {
      redeliverFailed: fromPromise<{ redelivered: number }, { hook: HookRef; since: number }>(async () => {
        throw new Error('the effect redeliverFailed is given by machine.provide');
      }),
      waitUntil,
    },
    guards: {
      'is the webhook known': ({ context }) => context.hook !== null,
      'is the gap fresh': ({ context }) => context.gap !== null && now() - context.gap.at < policy.trustAfter,
      'did a delivery come since the gap': ({ context }) =>
        context.deliveredAt !== null && context.deliveredAt > (context.gap?.at ?? 0),
    },
    actions: {
      noteDelivery: assign(({ context, event }) => {
        assertEvent(event, 'delivery.accepted');
        return { deliveredAt: now(), hook: event.hook ?? context.hook };
      }),
      noteGap: assign(({ event }) => {
        assertEvent(event, 'gap.found');
        return { gap: { at: now(), why: event.why } };
      }),
      trustAgainLater: assign(() => ({ lookAt: now() + policy.trustAfter })),
      lookAgainLater: assign(() => ({ lookAt: now() + policy.lookAgainAfter })),
      noteFailure: assign((_, failure: Failure) => ({ failure })),
    },
  });

  const note = { 'delivery.accepted': { actions: 'noteDelivery' } } as const;
  const lookAgain = invokeWait('lookWait', ({ lookAt }: WebhooksContext) => lookAt, 'repairing');

  return s.createMachine({
    id: 'webhooks',
    context: () => ({
      hook: null,
      deliveredAt: null,
      gap: null,
      repairedUntil: now() - policy.kept,
      redelivered: 0,
      failure: null,
      lookAt: now(),
    }),
    initial: 'silent',
    states: {
      silent: {
        description: sentences(
          'The first state: no delivery with a valid signature has come yet.',
          'The first delivery leads to `repairing`; an event at GitHub without a delivery leads to `doubted`.',
        ),
        on: {
          'delivery.accepted': { target: 'repairing', actions: 'noteDelivery' },
          'gap.found': { target: 'doubted', actions: 'noteGap' },
        },
      },
      repairing: {
        description: sentences(
          'Entered after the first delivery, after a gap in `trusted`, at the end of the wait in `trusted`, and at the end of the wait in `doubted` if no delivery came.',
          'GitHub is asked which deliveries failed and to send these again.',
          'The end of that, also when it fails, leads to `doubted` if a gap was found lately, and to `trusted` otherwise.',
          'Further deliveries and gaps are only noted.',
        ),
        initial: 'looking',
        on: { ...note, 'gap.found': { actions: 'noteGap' } },
        states: {
          looking: {
            description: 'Left at once: to `asking` if the webhook is known, and to `asked` otherwise.',
            always: [{ guard: 'is the webhook known', target: 'asking' }, { target: 'asked' }],
          },
          asked: {
            description: 'Left at once: to `doubted` if a gap was found lately, and to `trusted` otherwise.',
            always: [
              { guard: 'is the gap fresh', target: '#webhooks.doubted' },
              { target: '#webhooks.trusted' },
            ],
          },
          asking: {
            description:
              'GitHub is asked to send failed deliveries again; success and failure both lead to `asked`.',
            invoke: {
              id: 'redeliverFailed',
              src: 'redeliverFailed',
              input: ({ context }) => {
                if (context.hook === null) throw new Error('the webhook is unknown here');
                return { hook: context.hook, since: context.repairedUntil };
              },
              onDone: {
                target: 'asked',
                actions: assign(({ context, event }) => ({
                  redelivered: context.redelivered + event.output.redelivered,
                  repairedUntil: now(),
                  failure: null,
                })),
              },
              onError: { target: 'asked', actions: withFailure('noteFailure') },
            },
          },
        },
      },
      trusted: {
        description: sentences(
          'Entered when failed deliveries were asked for and no gap was found lately, and when a delivery came after the last gap.',
          'Webhooks are relied on, so polling may be slow.',
          'A gap, which is an event at GitHub without a delivery, leads to `repairing`, and so does the end of the wait for the next look.',
        ),
        tags: ['trusted'],
        entry: 'lookAgainLater',
        on: { ...note, 'gap.found': { target: 'repairing', actions: 'noteGap' } },
        invoke: lookAgain,
      },
      doubted: {
        description: sentences(
          'Entered when a gap was found lately: an event at GitHub without a delivery.',
          'The daemon polls at the short interval; each further gap starts the wait again.',
          'The end of the wait leads to `trusted` if a delivery came since the last gap, and to `repairing` otherwise.',
        ),
        tags: ['needsAttention'],
        entry: 'trustAgainLater',
        on: { ...note, 'gap.found': { target: 'doubted', reenter: true, actions: 'noteGap' } },
        invoke: {
          ...lookAgain,
          onDone: [
            { guard: 'did a delivery come since the gap', target: 'trusted' },
            { target: 'repairing' },
          ],
        },
      },
    },
  });
}

export type WebhooksMachine = ReturnType<typeof createWebhooksMachine>;
export type WebhooksState = TopState<StateValueFrom<WebhooksMachine>>;
