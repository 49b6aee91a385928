import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import type { MaintenanceWindow } from '../../src/config/values/maintenance-window.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { Orders } from '../../src/dispatch/orders.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import { DAY } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** One life of a daemon with a host that is never looked at, on what an earlier life stored. */
async function life(
  clock: ManualClock,
  database: Database = memoryDatabase(),
  windows: MaintenanceWindow[] = [],
) {
  const store = await memoryStore({ clock, log, retention: DAY }, database);
  const journal = new JournalWriter(store.journal);
  const core = createCore({
    store,
    journal,
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh' },
    effects: () => endlessEffects(),
    hosts: [{ name: 'mini-1', client: {} as never, maxVms: 2 }],
    maintenance: new Map([['mini-1', windows]]),
    hostPolicy: { checkInterval: MINUTE, lostAfter: HOUR },
    profileFor: () => 'macos-15',
  });
  const orders = new Orders({
    rollouts: { order: () => null },
    labels: [],
    ...core,
    journal,
    store,
    github: { getJob: async () => null },
    profileFor: () => 'macos-15',
    clock,
    log,
  });
  const entries: string[] = [];
  journal.subscribe(({ event, detail }) => {
    const { by, until } = ((detail?.cordon ?? detail) as { by?: string; until?: number } | undefined) ?? {};
    entries.push([event, by, until].filter(Boolean).join(' '));
  });
  core.cordonWatch.look();
  const end = async () => {
    core.stop();
    await clock.finish(store.durable());
  };
  onTestFinished(end);
  return { store, database, orders, entries, end, cordonOf: () => core.cordons.of('mini-1') };
}

test('an order with an end is over at that end, and the journal says who gave it and until when', async () => {
  const clock = new ManualClock();
  const until = clock.now() + 2 * HOUR;
  const { orders, entries, cordonOf, store } = await life(clock);
  orders.drain('mini-1', 'ada', until);
  await clock.passUntil(until - 1);
  expect(cordonOf()).toMatchObject({ by: 'ada', until });
  await clock.passUntil(until);
  expect([cordonOf(), store.cordons.of('mini-1')]).toEqual([null, null]);
  expect(entries).toEqual([`operator.drained ada ${until}`, `operator.drained ada ${until}`, 'cordon.ended']);
});

test('a cordon without an end stays, and a later order replaces the end of an earlier one', async () => {
  const clock = new ManualClock();
  const { orders, cordonOf } = await life(clock);
  orders.cordon('mini-1', 'ada', clock.now() + HOUR);
  orders.cordon('mini-1', 'bob');
  await clock.pass(300 * DAY);
  expect(cordonOf()).toMatchObject({ by: 'bob' });
});

test('an end that passes while the daemon is down is an end', async () => {
  const clock = new ManualClock();
  const first = await life(clock);
  first.orders.cordon('mini-1', 'ada', clock.now() + HOUR);
  await first.end();
  await clock.pass(30 * MINUTE);
  const second = await life(clock, first.database);
  expect(second.cordonOf()).not.toBeNull();
  await second.end();
  await clock.pass(HOUR);
  const third = await life(clock, first.database);
  expect([third.cordonOf(), third.entries]).toEqual([null, ['cordon.ended']]);
});

test("law 13: a cordon never lasts longer than ordered, though the system's clock was set back", async () => {
  const first = await life(new ManualClock(50 * HOUR));
  first.orders.cordon('mini-1', 'ada', 52 * HOUR);
  await first.end();
  const clock = new ManualClock(10 * HOUR);
  const second = await life(clock, first.database);
  expect(second.cordonOf()?.until).toBe(12 * HOUR);
  await clock.pass(2 * HOUR);
  expect(second.cordonOf()).toBeNull();
});

const NIGHTLY = { start: '0 3 * * *', duration: 2 * HOUR, time_zone: 'UTC' };
const AT_TWO = Date.UTC(2026, 11, 6, 2);

test('a host is in maintenance for the time of its window, and the journal says so', async () => {
  const clock = new ManualClock(AT_TWO);
  const { entries, cordonOf } = await life(clock, undefined, [NIGHTLY]);
  await clock.passUntil(AT_TWO + HOUR - 1);
  expect(cordonOf()).toBeNull();
  await clock.passUntil(AT_TWO + HOUR);
  expect(cordonOf()).toEqual({ by: 'its maintenance window', at: AT_TWO + HOUR, until: AT_TWO + 3 * HOUR });
  await clock.passUntil(AT_TWO + 3 * HOUR);
  expect([cordonOf(), entries]).toEqual([
    null,
    [`maintenance.began its maintenance window ${AT_TWO + 3 * HOUR}`, 'maintenance.ended'],
  ]);
});

test('an operator opens a host for the rest of its window, also over a restart, and the next one comes', async () => {
  const clock = new ManualClock(AT_TWO);
  const first = await life(clock, undefined, [NIGHTLY]);
  await clock.pass(2 * HOUR);
  first.orders.uncordon('mini-1', 'ada');
  expect(first.cordonOf()).toBeNull();
  await first.end();
  const second = await life(clock, first.database, [NIGHTLY]);
  expect([second.cordonOf(), second.entries]).toEqual([null, []]);
  await clock.pass(HOUR);
  expect(second.store.cordons.of('mini-1')).toBeNull();
  await clock.pass(22 * HOUR + 1);
  expect(second.cordonOf()).toMatchObject({ by: 'its maintenance window' });
});

test('an order outlasts the window, and an order that ends within it leaves the host in maintenance', async () => {
  const clock = new ManualClock(AT_TWO);
  const { orders, cordonOf } = await life(clock, undefined, [NIGHTLY]);
  orders.cordon('mini-1', 'ada', AT_TWO + 2 * HOUR);
  await clock.pass(2 * HOUR);
  expect(cordonOf()).toMatchObject({ by: 'its maintenance window' });
  orders.cordon('mini-1', 'bob');
  await clock.pass(5 * HOUR);
  expect(cordonOf()).toMatchObject({ by: 'bob' });
});
