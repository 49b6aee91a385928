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

test('GitHub repeats failed deliveries, but not those that succeeded since', async () => {
  await using github = await servedGitHub();
  await using receiver = await webhookReceiver();
  const repository = ensureRepository(github.world, 'octo/app');
  const hook = createHook(github.world, {
    target: { kind: 'repository', repository },
    url: receiver.url,
    secret: 'a secret',
  });
  // Each delivery takes a time of its own: what arrived is compared in the order of the names, and a list at GitHub
  // has a delivery only after its response.
  const logged = (isRedelivery: boolean) =>
    github.world.deliveries
      .of(hook, Date.now())
      .flatMap(({ announcement, redelivery, status }) =>
        announcement.event === 'workflow_job' && redelivery === isRedelivery
          ? [`${announcement.job.spec.name} ${status}`]
          : [],
      )
      .sort();
  github.faults.add({ route: 'webhook workflow_job queued', status: 502, times: 2 });
  github.push([{ name: 'one' }, { name: 'two' }, { name: 'three' }]);
  await expect.poll(() => logged(false)).toEqual(['one timed out', 'three OK', 'two timed out']);
  const client = createGitHub({ apiUrl: github.url, auth: { token: TOKEN }, clock: systemClock });
  const ref: HookRef = { kind: 'repository', owner: 'octo', repository: 'app', id: hook.id };
  expect(await client.redeliverFailed(ref, 0)).toBe(2);
  await expect.poll(() => logged(true)).toEqual(['one OK', 'two OK']);
  const names = receiver.received.flatMap(({ payload }) => payload.workflow_job?.name ?? []);
  expect(names.sort()).toEqual(['one', 'three', 'two']);
  expect(await client.redeliverFailed(ref, 0)).toBe(0);
});
