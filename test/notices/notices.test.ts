import { pino } from 'pino';
import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { HealthScope } from '../../src/health/health.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { applyEntry, emptyOverview } from '../../src/journal/overview.js';
import { liveRecording } from '../../src/journal/recording.ts';
import { Notices } from '../../src/notices/notices.ts';
import type { Receiver } from '../../src/notices/receiver.ts';
import type { StoredNotice } from '../../src/store/tables/notices.ts';
import { JOB } from '../machines/job-samples.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { soon } from '../support/soon.ts';
import { receivingServer, silence, status } from './receiving-server.ts';

const silentHost: HealthScope = {
  what: 'host',
  name: 'mini-1',
  sentence: 'mini-1 has not answered for 50 s.',
  since: null,
  whoActs: 'The owner of mini-1.',
  stops: false,
};

type Server = Awaited<ReturnType<typeof receivingServer>>;

/** Notifications of a daemon that can be killed and started again, in time that a test moves. */
async function notifying(servers: Record<string, { server: Server } & Partial<Receiver>>) {
  const clock = new ManualClock();
  const database = memoryDatabase();
  const logged: { level: number; msg: string }[] = [];
  const log = pino({ base: null }, { write: (line) => void logged.push(JSON.parse(line)) });
  let inFlight = 0;
  const counting: typeof fetch = async (...request) => {
    inFlight += 1;
    return fetch(...request).finally(() => {
      inFlight -= 1;
    });
  };
  const receivers = Object.entries(servers).map(
    ([name, { server, ...more }]): Receiver => ({
      ...{ name, form: 'webhook', url: server.url, fetch: counting, oldestWait: 30 * 60_000 },
      on: ['service', 'scope', 'host', 'wait', 'job', 'image', 'store'],
      ...more,
    }),
  );
  const start = async () => {
    const store = await memoryStore({ clock, log, retention: 30 * 86_400_000 }, database);
    const journal = new JournalWriter(store.journal);
    const overview = emptyOverview();
    journal.subscribe((entry) => applyEntry(overview, entry));
    const notices = new Notices({
      ...{ receivers, controller: 'default', secrets: ['hunter2secret'], store, clock, log },
      facts: () => ({ overview, scopes: world.scopes, unreadable: {}, runners: world.runners }),
      oldestWaits: () => world.waits,
      recording: liveRecording(store, journal),
    });
    notices.start();
    return { store, journal, notices };
  };
  const world = {
    ...{ clock, logged },
    scopes: [] as HealthScope[],
    runners: [] as { profile: string; version: string; endsAt: number | null; isEnding: boolean }[],
    waits: [] as { profile: string; since: number }[],
    daemon: await start(),
    /** Lets time pass; each message has its answer before more passes, unless its receiver stays silent. */
    async pass(seconds: number, isWaiting = false) {
      for (let passed = 0; passed < seconds; passed += 5) {
        clock.advance(5_000);
        for (let turn = 0; turn < 10; turn += 1) await settled();
        if (!isWaiting) await soon(() => expect(inFlight).toBe(0));
        for (let turn = 0; turn < 10; turn += 1) await settled();
      }
    },
    /** A kill leaves everything as it is on disk. */
    async restart() {
      await world.daemon.store.durable();
      await world.daemon.notices.stop();
      await world.daemon.store.close();
      await database.open();
      world.daemon = await start();
    },
    lose(id: number) {
      const job = { ...JOB, id, status: 'in_progress' as const };
      const cause = failure('VM_VANISHED', 'The VM is gone.');
      const entry = { at: clock.now(), actor: String(id), jobId: id, attempt: 1, host: 'mini-1', event: 'e' };
      world.daemon.journal.transition(
        { ...entry, from: '', to: 'running.busy.watching', changed: { job } },
        false,
      );
      const end = { outcome: 'lost', blame: 'host', cause } as const;
      world.daemon.journal.transition({ ...entry, from: 'running.busy.watching', to: 'done', end }, true);
    },
    async [Symbol.asyncDispose]() {
      await world.daemon.notices.stop();
      await world.daemon.store.close();
    },
  };
  return world;
}

const toldBy = ({ received }: Server) =>
  received.map(({ body }) =>
    (body.notices as { change: string; what: string }[]).map(({ change, what }) => `${change} ${what}`),
  );
const idsOf = ({ received }: Server) =>
  received.flatMap(({ body }) => (body.notices as { id: string }[]).map(({ id }) => id));

test('a lost host, a lost job and a long wait are told in one message, and each once', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  await world.pass(60);
  expect(server.received).toEqual([]);
  world.scopes = [silentHost];
  world.waits = [{ profile: 'ios', since: world.clock.now() - 31 * 60_000 }];
  world.lose(7);
  await world.pass(40);
  expect(toldBy(server).flat().sort()).toEqual(['begun Host mini-1', 'begun Job build', 'begun Jobs of ios']);
  await world.pass(600);
  const before = server.received.length;
  world.scopes = [];
  await world.pass(200);
  expect(toldBy(server).slice(before)).toEqual([['over Host mini-1']]);
  await world.pass(3_600);
  expect(server.received).toHaveLength(before + 1);
});

test('over restarts each thing is told once, and what was not told yet is told by the next start', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  world.scopes = [silentHost];
  await world.pass(120);
  expect(toldBy(server)).toEqual([['begun Host mini-1']]);
  for (let n = 0; n < 3; n += 1) {
    await world.restart();
    await world.pass(120);
  }
  expect(server.received).toHaveLength(1);
  world.lose(7);
  await world.restart();
  await world.pass(120);
  expect(toldBy(server).slice(1)).toEqual([['begun Job build']]);
  world.scopes = [];
  await world.restart();
  await world.pass(200);
  expect(toldBy(server).slice(2)).toEqual([['over Host mini-1']]);
});

test('a message whose receipt was not noted is sent again with the same ids', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  server.faults.push(silence);
  world.lose(7);
  await world.pass(25, true);
  await server.until(1);
  await world.restart();
  await world.pass(60);
  expect(server.received).toHaveLength(2);
  const [first, again] = idsOf(server);
  expect(again).toBe(first);
});

test('a receiver in trouble is tried again further and further apart, and costs another one nothing', async () => {
  await using good = await receivingServer();
  await using bad = await receivingServer();
  await using world = await notifying({ good: { server: good }, bad: { server: bad } });
  bad.faults.push(status(500), status(503), status(429, { 'retry-after': '300' }), status(500));
  world.lose(7);
  await world.pass(60);
  expect(good.received).toHaveLength(1);
  expect(bad.received).toHaveLength(3);
  await world.pass(250);
  expect(bad.received).toHaveLength(3);
  await world.pass(120);
  expect(bad.received).toHaveLength(5);
  expect(new Set(idsOf(bad)).size).toBe(1);
  await world.pass(3_600);
  expect([good.received.length, bad.received.length]).toEqual([1, 5]);
  expect(world.daemon.notices.receivers()).toEqual([
    { name: 'good', pending: 0, sent: 1, failed: 0 },
    { name: 'bad', pending: 0, sent: 1, failed: 4 },
  ]);
  const lines = world.logged.map(({ msg }) => msg);
  expect(lines).toEqual([
    'a notification could not be sent to notify.bad; it is tried again: It returned status 500.',
    'notifications reach bad again',
  ]);
  expect(JSON.stringify(world.logged)).not.toMatch(/s3cr3t|v4lue/);
});

test('trouble that is over before it could be told is told as over', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  server.faults.push(...Array.from({ length: 6 }, () => status(500)));
  world.scopes = [silentHost];
  await world.pass(60);
  world.scopes = [];
  await world.pass(1_200);
  expect(toldBy(server).at(-1)).toEqual(['over Host mini-1']);
  expect(world.daemon.notices.receivers()[0]?.pending).toBe(0);
});

test('in a storm the messages come ten minutes apart, and none of it is lost', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  for (let id = 1; id <= 120; id += 1) {
    world.lose(id);
    await world.pass(30);
  }
  expect(server.received.length).toBeLessThanOrEqual(16);
  await world.pass(900);
  const told = server.received.reduce(
    (sum, { body }) => sum + (body.notices as unknown[]).length + Number(body.more),
    0,
  );
  expect(told).toBe(120);
});

test('a receiver is told only of what it wants, with its own bound of the oldest wait', async () => {
  await using all = await receivingServer();
  await using some = await receivingServer();
  await using world = await notifying({
    all: { server: all },
    some: { server: some, on: ['wait'], oldestWait: 3_600_000 },
  });
  world.lose(7);
  world.waits = [{ profile: 'ios', since: world.clock.now() - 35 * 60_000 }];
  world.runners = [
    { profile: 'ios', version: '2.330.0', endsAt: world.clock.now() + 86_400_000, isEnding: true },
  ];
  await world.pass(100);
  expect(toldBy(all).flat()).toHaveLength(3);
  expect(some.received).toEqual([]);
  await world.pass(26 * 60);
  expect(toldBy(some)).toEqual([['begun Jobs of ios']]);
});

test('law 7: no secret is in the text of a message or in the store', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  const sentence = 'It said: hunter2secret and ghp_0123456789abcdefghij0123456789abcdef.';
  world.scopes = [{ ...silentHost, sentence }];
  await world.pass(60);
  const rows = [...world.daemon.store.notices.of('ops').values()];
  for (const text of [JSON.stringify(server.received), JSON.stringify(rows)]) {
    expect(text).toContain('***');
    expect(text).not.toMatch(/hunter2secret|ghp_0123/);
  }
});

test('what a receiver was told is forgotten when the config has it no more', async () => {
  await using server = await receivingServer();
  await using world = await notifying({ ops: { server } });
  world.daemon.store.notices.put('former', FORMER);
  await world.restart();
  expect(world.daemon.store.notices.of('former').size).toBe(0);
});

const FORMER: StoredNotice = {
  key: 'host x',
  ...{ kind: 'host', mood: 'warn', what: 'Host x', sentence: '', whom: '', act: '', link: null },
  ...{ begunAt: 0, missingSince: null, endedAt: null, isTold: true },
};
