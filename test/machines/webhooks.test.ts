import { expect, test } from 'vitest';
import { type SnapshotFrom, transition } from 'xstate';
import { failure } from '../../machines/failure.ts';
import {
  createWebhooksMachine,
  type HookRef,
  DEFAULT_WEBHOOKS_POLICY as policy,
  type WebhooksContext,
} from '../../machines/webhooks.ts';
import { pathOf, restingValues } from './machine-walk.ts';

const NOW = 1_000_000_000;
const HOOK: HookRef = { kind: 'app' };
const machine = createWebhooksMachine({ policy, now: () => NOW });

const CONTEXT: WebhooksContext = {
  hook: HOOK,
  deliveredAt: NOW - 1_000,
  gap: null,
  repairedUntil: 0,
  redelivered: 3,
  failure: null,
  lookAt: NOW,
};

const error = Object.assign(new Error('no'), { failure: failure('GITHUB_ERROR', 'no') });
const EVENTS = {
  delivery: { type: 'delivery.accepted', hook: HOOK },
  gap: { type: 'gap.found', why: 'no delivery said that job 1 is queued' },
  asked: { type: 'xstate.done.actor.redeliverFailed', output: { redelivered: 2 } },
  askingFailed: { type: 'xstate.error.actor.redeliverFailed', error },
  due: { type: 'xstate.done.actor.lookWait', output: null },
  dueFailed: { type: 'xstate.error.actor.lookWait', error },
};

type Snapshot = SnapshotFrom<typeof machine>;
const at = (value: unknown, context: Partial<WebhooksContext> = {}) =>
  machine.resolveState({ value: value as never, context: { ...CONTEXT, ...context } });
const step = (from: Snapshot, event: keyof typeof EVENTS) =>
  transition(machine, from, EVENTS[event] as never)[0] as Snapshot;

const TABLE: Record<string, Partial<Record<keyof typeof EVENTS, string>>> = {
  silent: { delivery: 'repairing.asking', gap: 'doubted' },
  'repairing.asking': { asked: 'trusted', askingFailed: 'trusted' },
  trusted: { gap: 'repairing.asking', due: 'repairing.asking', dueFailed: 'repairing.asking' },
  doubted: { due: 'trusted', dueFailed: 'repairing.asking' },
};

test('every state handles every event as the table says', () => {
  const found = Object.fromEntries(
    restingValues(machine).map((value) => {
      const from = pathOf(value);
      const ways = (Object.keys(EVENTS) as (keyof typeof EVENTS)[]).flatMap((event) => {
        const to = pathOf(step(at(value), event).value);
        return to === from ? [] : [[event, to]];
      });
      return [from, Object.fromEntries(ways)];
    }),
  );
  expect(found).toEqual(TABLE);
});

test('after a repair a recent gap leads to doubt, an old one to trust', () => {
  const after = (age: number) =>
    step(at({ repairing: 'asking' }, { gap: { at: NOW - age, why: '' } }), 'asked');
  expect(pathOf(after(policy.trustAfter - 1).value)).toBe('doubted');
  expect(pathOf(after(policy.trustAfter).value)).toBe('trusted');
  expect(after(0).context).toMatchObject({
    redelivered: 5,
    repairedUntil: NOW,
    lookAt: NOW + policy.trustAfter,
  });
});

test('doubt ends only when there was a delivery since the gap, else failed deliveries are requested again', () => {
  const due = (deliveredAt: number) =>
    step(at('doubted', { deliveredAt, gap: { at: NOW - policy.trustAfter, why: '' } }), 'due');
  expect(pathOf(due(NOW - policy.trustAfter + 1).value)).toBe('trusted');
  expect(pathOf(due(NOW - policy.trustAfter - 1).value)).toBe('repairing.asking');
});

test('no repair is tried for a webhook whose id is unknown', () => {
  const silent = step(at('silent', { hook: null }), 'gap');
  expect(pathOf(silent.value)).toBe('doubted');
  const unknown = transition(machine, at('silent', { hook: null }), {
    type: 'delivery.accepted',
    hook: null,
  })[0];
  expect(pathOf(unknown.value)).toBe('trusted');
});

test('the failure of a question to GitHub is kept until one succeeds', () => {
  const failed = step(at({ repairing: 'asking' }), 'askingFailed');
  expect(failed.context.failure?.code).toBe('GITHUB_ERROR');
  expect(step(at({ repairing: 'asking' }, failed.context), 'asked').context.failure).toBe(null);
});
