import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DEFAULT_WEBHOOKS_POLICY, type HookRef } from '../../machines/webhooks.ts';
import { systemClock } from '../../src/clock.ts';
import { DaemonError } from '../../src/errors.ts';
import { createGitHub } from '../../src/github/github.ts';
import { WebhookHealth } from '../../src/intake/webhooks/webhook-health.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import { servedGitHub, TOKEN, webhookReceiver } from '../simulator/github/github-fixture.ts';

import { observation } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';

const HOOK: HookRef = { kind: 'repository', owner: 'octo', repository: 'app', id: 9 };
const { trustAfter, lookAgainAfter } = DEFAULT_WEBHOOKS_POLICY;

function health(redeliverFailed: (hook: HookRef, since: number) => Promise<number> = async () => 0) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const turns: string[] = [];
  let doubts = 0;
  const webhooks = new WebhookHealth({
    github: {
      now: () => clock.now(),
      redeliverFailed: (hook, since) => {
        asked.push(since);
        return redeliverFailed(hook, since);
      },
    },
    policy: DEFAULT_WEBHOOKS_POLICY,
    clock,
    log: pino({ level: 'silent' }),
    onDoubt: () => {
      doubts += 1;
    },
    onChange: ({ event, from, to }) => turns.push(`${event.type}: ${from} → ${to}`),
  });
  webhooks.start();
  /** Lets only a poll see the job, until that is a gap. */
  const gap = async (id: number) => {
    webhooks.seen({ ...observation(id), queuedAt: clock.now() });
    await clock.pass(60_000);
    webhooks.review();
  };
  return { webhooks, clock, asked, gap, doubts: () => doubts, turns };
}

test('the first delivery leads to trust, after earlier failed deliveries were requested again', async () => {
  const { webhooks, clock, asked } = health();
  expect(webhooks.state).toBe('silent');
  const began = clock.now();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  expect([webhooks.state, asked]).toEqual(['trusted', [began - DEFAULT_WEBHOOKS_POLICY.kept]]);
});

test('deliveries to trusted webhooks change no state, and the time of the last one is known to the second', async () => {
  const { webhooks, clock, turns } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  const began = turns.length;
  for (let n = 0; n < 25; n += 1) {
    await clock.pass(100);
    webhooks.delivered(observation(2 + n), HOOK);
    expect(clock.now() - (webhooks.context.deliveredAt ?? 0)).toBeLessThan(1_000);
  }
  expect([webhooks.state, turns.length]).toEqual(['trusted', began]);
});

test('while webhooks are trusted, failed deliveries are looked for regularly, those since the last look', async () => {
  const { webhooks, clock, asked } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  const looked = clock.now();
  await clock.pass(lookAgainAfter);
  expect([webhooks.state, asked.slice(1)]).toEqual(['trusted', [looked]]);
});

test('a gap leads to doubt and a repair at once, and five minutes with deliveries and without a gap to trust', async () => {
  const { webhooks, clock, asked, gap, doubts } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  await gap(2);
  await clock.pass(0);
  expect([webhooks.state, asked.length, doubts()]).toEqual(['doubted', 2, 1]);
  await clock.pass(trustAfter - 60_000 - 1);
  await gap(3);
  await clock.pass(trustAfter - 1);
  expect(webhooks.state).toBe('doubted');
  webhooks.delivered(observation(4), HOOK);
  await clock.pass(1);
  expect(webhooks.state).toBe('trusted');
});

test('the verdict keeps its beginning during a repair', async () => {
  const { webhooks, clock, gap } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  const trusted = clock.now();
  await clock.pass(lookAgainAfter);
  expect(webhooks.health()).toMatchObject({ state: 'trusted', since: trusted, gap: null });
  await gap(2);
  await clock.pass(0);
  expect(webhooks.health()).toMatchObject({
    state: 'doubted',
    since: clock.now(),
    gap: { why: expect.stringContaining('job 2') },
  });
});

test('silence while polls find jobs is doubt too', async () => {
  const { webhooks, asked, gap } = health();
  await gap(1);
  expect([webhooks.state, asked]).toEqual(['doubted', []]);
});

test('a missing permission for redelivery is reported, and changes nothing else', async () => {
  const { webhooks, clock } = health(async () => {
    throw new DaemonError(
      'GITHUB_PERMISSION_MISSING',
      'Grant the token or the App the permission repository_hooks.',
    );
  });
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  expect([webhooks.state, webhooks.context.failure?.code]).toEqual(['trusted', 'GITHUB_PERMISSION_MISSING']);
});

test('GitHub repeats failed deliveries, the oldest first, but not those that succeeded since', async () => {
  await using github = await servedGitHub();
  await using receiver = await webhookReceiver();
  const repository = ensureRepository(github.world, 'octo/app');
  const hook = createHook(github.world, {
    target: { kind: 'repository', repository },
    url: receiver.url,
    secret: 'a secret',
  });
  github.faults.add({ route: 'webhook workflow_job queued', status: 502, times: 2 });
  github.push([{ name: 'one' }, { name: 'two' }, { name: 'three' }]);
  await expect.poll(() => receiver.actions().filter((action) => action === 'queued')).toHaveLength(1);
  const client = createGitHub({ apiUrl: github.url, auth: { token: TOKEN }, clock: systemClock });
  const ref: HookRef = { kind: 'repository', owner: 'octo', repository: 'app', id: hook.id };
  expect(await client.redeliverFailed(ref, 0)).toBe(2);
  await expect
    .poll(() => receiver.received.flatMap(({ payload }) => payload.workflow_job?.name ?? []).slice(-2))
    .toEqual(['one', 'two']);
  expect(await client.redeliverFailed(ref, 0)).toBe(0);
});

test('each change of state is reported with its cause, repairs included', async () => {
  const { webhooks, clock, gap, turns } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(0);
  await gap(2);
  await clock.pass(0);
  expect(turns).toEqual([
    'xstate.init:  → silent',
    'delivery.accepted: silent → repairing',
    'xstate.done.actor.redeliverFailed: repairing → trusted',
    'gap.found: trusted → repairing',
    'xstate.done.actor.redeliverFailed: repairing → doubted',
  ]);
});

test('a reload of the config keeps the trust in webhooks, and tells nothing', async () => {
  const { webhooks, clock, turns } = health();
  webhooks.delivered(observation(1), HOOK);
  await clock.pass(5_000);
  const before = webhooks.health();
  webhooks.stop();
  const told = turns.length;
  const after = new WebhookHealth({
    ...{ github: { now: () => clock.now(), redeliverFailed: async () => 0 }, clock },
    ...{ policy: DEFAULT_WEBHOOKS_POLICY, log: pino({ level: 'silent' }), before: webhooks },
    onDoubt: () => undefined,
    onChange: ({ event, from, to }) => turns.push(`${event.type}: ${from} → ${to}`),
  });
  after.start();
  expect([after.health(), turns.length]).toEqual([before, told]);
  after.stop();
});
