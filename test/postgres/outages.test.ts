import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import type { PostgresServer } from '../../src/cli/simulation/postgres-server.ts';
import { systemClock } from '../../src/clock.ts';
import { openStore } from '../../src/store/open-store.ts';
import { actorRecord, DAY, journalEntry, settledJob } from '../store/records.ts';
import { migratedServer } from './migrated-server.ts';
import { PostgresPlace } from './postgres-place.ts';
import { WatchingProxy } from './watching-proxy.ts';

/** True the first time that it is asked. */
const once = () => {
  let asked = 0;
  return () => asked++ === 0;
};

const log = pino({ level: 'silent' });

describe.runIf(inject('postgres'))('a store whose database is away', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await migratedServer();
  });
  afterAll(() => server.remove());

  async function openThrough(proxy: WatchingProxy, place: PostgresPlace) {
    await place.make();
    const url = place.url().replace(`:${server.port}/`, `:${proxy.port}/`);
    return openStore({ url, clock: systemClock, log, retention: 30 * DAY });
  }

  test('stores each batch once when the connection is cut between its commit and the answer', async () => {
    const proxy = await WatchingProxy.start(() => [server.port]);
    await using place = new PostgresPlace(server.port);
    const store = await openThrough(proxy, place);
    for (let n = 1; n <= 5; n += 1) {
      proxy.cutsAnswer = once();
      store.actors.put('7', actorRecord({ round: n }));
      store.journal.append(journalEntry({ attempt: n }));
      await store.durable();
    }
    const found = [];
    for await (const { seq, attempt } of store.journal.read()) found.push([seq, attempt]);
    expect(found).toEqual([1, 2, 3, 4, 5].map((n) => [n, n]));
    expect((await store.actors.read()).records[0]?.record.snapshot).toEqual({ round: 5 });
    await store.close();
    await proxy.close();
  });

  test('says so while the server is down, keeps what was put, and goes on when it is back', async () => {
    await using place = new PostgresPlace(server.port);
    await place.make();
    const changes: boolean[] = [];
    const store = await openStore({
      url: place.url(),
      clock: systemClock,
      log,
      retention: 30 * DAY,
      onHealthChange: ({ ok }) => changes.push(ok),
    });
    store.settled.put(settledJob(1));
    await store.durable();
    await server.halt('SIGQUIT');
    store.settled.put(settledJob(2));
    await vi.waitFor(() => expect(store.health()).toMatchObject({ ok: false, pending: 1 }), {
      timeout: 20_000,
    });
    await expect(store.deliveries.remember('d1', () => null)).rejects.toThrow(
      /^The store cannot be read, and d1/,
    );
    await server.run();
    await store.durable();
    expect(changes).toEqual([false, true]);
    expect((await store.settled.newest(5)).map(({ jobId }) => jobId)).toEqual([2, 1]);
    expect(await store.deliveries.remember('d1', () => null)).toBe('stored');
    await store.close();
  });
});
