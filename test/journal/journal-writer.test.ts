import { pino } from 'pino';
import { expect, test } from 'vitest';
import { DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { failure } from '../../machines/failure.ts';
import { runnerScopeOf } from '../../machines/job/context.ts';
import { watchJournal } from '../../src/controller/watch-journal.ts';
import { WebhookAndBreakerEntries } from '../../src/journal/entries/webhook-and-breaker-entries.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { liveRecording, overviewAt } from '../../src/journal/recording.ts';
import { Breakers } from '../../src/placement/breakers/breakers.ts';

import { DAY } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const host = (name: string, at: number, to: string, more: object = {}) => ({
  ...{ kind: 'host' as const, at, actor: `host:${name}`, jobId: 0, attempt: 0, host: name },
  ...{ event: 'host.looked', from: '', to, detail: { vms: [], cordon: null }, ...more },
});

async function fixture() {
  const clock = new ManualClock();
  const database = memoryDatabase();
  const store = await memoryStore({ clock, log, retention: 30 * DAY }, database);
  const journal = new JournalWriter(store.journal);
  const recording = liveRecording(store, journal);
  return { clock, store, journal, at: (instant: number | null) => overviewAt(recording, instant) };
}

test('the journal has for each moment why a breaker is open, until when, and that it closed', async () => {
  const { clock, store, journal, at } = await fixture();
  const entries = new WebhookAndBreakerEntries(journal, clock);
  const breakers = new Breakers({
    ...{
      policies: DEFAULT_BREAKER_POLICIES,
      clock,
      log,
      scopeOf: (job) => runnerScopeOf('repository', job),
      onChange: (turn) => entries.breaker(turn),
    },
  });
  const attempt = (key: string, failed: number, isOnline = false) =>
    breakers.jobChanged(key, {
      status: 'active',
      hasTag: (tag: string) => tag === 'provisioned' && isOnline,
      context: {
        job: { id: Number(key), attemptsFailed: failed },
        vm: { host: 'mini', profile: 'p' },
        runner: null,
        failure: failed ? failure('VM_START_FAILED', 'It did not start.') : null,
      },
    } as never);
  const before = clock.now();
  for (const key of ['1', '2']) {
    await clock.pass(1_000);
    attempt(key, 0);
    attempt(key, 1);
  }
  const opened = clock.now();
  await clock.pass(30_000);
  const halfOpen = clock.now();
  await clock.pass(1_000);
  attempt('4', 0);
  attempt('4', 0, true);

  expect((await at(before)).breakers).toEqual([]);
  expect((await at(opened)).breakers).toMatchObject([
    { about: 'pair', name: 'p on mini', state: 'open', failures: 2, retryAt: opened + 30_000 },
  ]);
  expect((await at(opened)).breakers[0]?.lastFailure?.message).toMatch(
    /^It did not start\. Compared: no other profile was tried/,
  );
  expect((await at(halfOpen)).breakers).toMatchObject([{ state: 'halfOpen.ready' }]);
  expect((await at(null)).breakers).toEqual([]);
  const told = [];
  for await (const { event, from, to } of store.journal.read({})) told.push(`${event}: ${from} → ${to}`);
  expect(told).toEqual([
    'attempt.failed: closed → open',
    'retryWait done: open → halfOpen.ready',
    'attempt.began: halfOpen.ready → halfOpen.trying',
    'attempt.served: halfOpen.trying → closed',
  ]);
  breakers.stop();
  await store.close();
});

test('an unchanged state is written again regularly, so that a moment is read from near entries', async () => {
  const { clock, store, journal, at } = await fixture();
  const entries = new WebhookAndBreakerEntries(journal, clock);
  entries.webhooks({ event: { type: 'xstate.init' }, from: '', to: 'silent', detail: {} });
  journal.snapshot(host('mini', clock.now(), 'healthy', { isTurn: true }));
  for (let quarter = 0; quarter < 40; quarter += 1) {
    for (let n = 0; n < 100; n += 1) journal.write({ ...host('', clock.now(), ''), kind: 'order' });
    await clock.pass(15 * 60_000);
    journal.refresh(clock.now());
  }
  await store.durable();
  for await (const { seq, since } of store.journal.read({}))
    expect(seq - (since ?? seq)).toBeLessThanOrEqual(104);
  const { hosts, webhooks } = await at(null);
  expect([hosts[0]?.state, webhooks?.state]).toEqual(['healthy', 'silent']);
  await store.close();
});

test('after a restart a host has its whole history, however many other entries followed', async () => {
  const { clock, store, journal } = await fixture();
  const began = clock.now();
  journal.snapshot(host('mini', began, 'healthy', { isTurn: true }));
  await clock.pass(1_000);
  journal.snapshot(host('mini', clock.now(), 'lost', { isTurn: true }));
  for (let n = 0; n < 11_000; n += 1) journal.write({ ...host('', clock.now(), ''), kind: 'order' });
  await clock.pass(5_000);
  journal.write({ ...host('', clock.now(), ''), kind: 'order' });
  await store.durable();
  await clock.pass(60_000);
  const watching = await watchJournal({
    macUptime: () => null,
    ...{ store, journal: new JournalWriter(store.journal), clock, log, active: () => ({}) },
  } as never);
  expect(watching.history.of('mini')).toEqual([
    { state: 'healthy', from: began },
    { state: 'lost', from: began + 1_000 },
    { state: 'unwatched', from: began + 6_000 },
  ]);
  watching.stop();
  await store.close();
});
