import pg from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import type { Operation } from '../../src/store/engine.ts';
import { batchStatement } from '../../src/store/postgres/batch-statement.ts';
import type { PostgresEngine } from '../../src/store/postgres/postgres-engine.ts';
import { TakenOverError } from '../../src/store/store-error.ts';
import { PostgresPlace } from './postgres-place.ts';

const port = inject('postgres');

const put = (key: string, value: unknown = key): Operation => ({
  type: 'put',
  table: 'noted',
  key,
  value: JSON.stringify(value),
});

describe.runIf(port)('the fence of a database', () => {
  let place: PostgresPlace;
  let engine: PostgresEngine;
  const onTakenOver = vi.fn();
  beforeEach(async () => {
    place = new PostgresPlace(port ?? 0);
    await place.make();
    onTakenOver.mockClear();
    engine = await place.open(onTakenOver);
  });
  afterEach(async () => {
    await engine.close();
    await place.remove();
  });

  const keys = async () =>
    (await place.ask('select key from jeballto_runner.noted order by key')).rows.map(({ key }) => key);
  const endLease = () => place.ask("update jeballto_runner.lease set expires_at = '-infinity'");

  test('refuses the whole batch of a daemon whose epoch is over, and tells it once', async () => {
    await engine.write([put('a')]);
    await endLease();
    const second = await place.open();
    expect(second.epoch).toBeGreaterThan(engine.epoch);
    await expect(engine.write([put('b'), { type: 'del', table: 'noted', key: 'a' }])).rejects.toThrow(
      TakenOverError,
    );
    await expect(engine.write([put('c')])).rejects.toThrow(TakenOverError);
    await second.write([put('d')]);
    expect(await keys()).toEqual(['a', 'd']);
    expect(onTakenOver.mock.calls).toEqual([
      [expect.stringMatching(/^Another daemon has taken over the store in/)],
    ]);
    await second.close();
  });

  test('refuses a batch that was given up and arrives after its repetition', async () => {
    const late = batchStatement(engine.epoch, 1, [put('a', 'old'), put('b', 'old')]);
    await engine.write([put('a', 'new')]);
    await engine.write([put('a', 'newest')]);
    const { rows } = await place.ask(late.text, late.values);
    expect(rows).toMatchObject([{ held: false }]);
    expect(await engine.getMany('noted', ['a', 'b'])).toEqual(['"newest"', undefined]);
  });

  test('makes a take-over wait for the batch under way, which is whole', async () => {
    const client = new pg.Client({ connectionString: place.url() });
    await client.connect();
    await client.query('begin');
    const { text, values } = batchStatement(engine.epoch, 100, [put('a'), put('b')]);
    await client.query(text, values);
    await endLease();
    const taking = place.open();
    await vi.waitFor(
      async () => {
        const { rows } = await place.ask(
          "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
        );
        expect(rows).toHaveLength(1);
      },
      { timeout: 20_000 },
    );
    await client.query('commit');
    await client.end();
    const second = await taking;
    expect(await keys()).toEqual(['a', 'b']);
    await expect(engine.write([put('c')])).rejects.toThrow(TakenOverError);
    await second.close();
  });

  test('does not delay the renewal of the lease while a batch is under way', async () => {
    const ends = async () =>
      (await place.ask('select expires_at::text as ends from jeballto_runner.lease')).rows[0].ends;
    const client = new pg.Client({ connectionString: place.url() });
    await client.connect();
    await client.query('begin');
    const { text, values } = batchStatement(engine.epoch, 100, [put('a')]);
    await client.query(text, values);
    const before = await ends();
    await vi.waitFor(async () => expect(await ends()).not.toBe(before), { timeout: 20_000 });
    await client.query('rollback');
    await client.end();
  });

  test('gives the database to one of two daemons that start at once', async () => {
    await engine.close();
    const both = await Promise.allSettled([1, 2].map(() => place.open()));
    const [refused] = both.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []));
    const winners = both.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(winners).toHaveLength(1);
    expect(refused).toMatch(
      /^StoreError: The store in postgres:.* cannot be used: another daemon uses it \(.*, process \d+\): stop that one/,
    );
    for (const winner of winners) await winner.close();
  });

  test('waits for the lease of a daemon that died, and says so', async () => {
    await engine.close();
    await place.ask(
      "update jeballto_runner.lease set holder = 'mini', expires_at = clock_timestamp() + interval '4 seconds'",
    );
    const told: string[] = [];
    const log = pino({}, { write: (line: string) => void told.push(JSON.parse(line).msg) });
    engine = await place.open(undefined, log);
    expect(told).toEqual([
      expect.stringMatching(/^the start waits until the lease of the last daemon on .* \(mini\)$/),
    ]);
    await engine.write([put('a')]);
  });

  test('has an epoch above every earlier one when an old backup was restored', async () => {
    const last = engine.epoch;
    await engine.close();
    await place.ask('update jeballto_runner.lease set epoch = 7');
    await place.ask('update jeballto_runner.fence set epoch = 7, batch = 99');
    // The clock of the database gives a new epoch each second.
    await vi.waitFor(
      async () => {
        engine = await place.open();
        const isAbove = engine.epoch > last;
        if (!isAbove) await engine.close();
        expect(isAbove).toBe(true);
      },
      { timeout: 20_000 },
    );
    const secondsSince2026 = (Date.now() - Date.UTC(2026, 0, 1)) / 1000;
    expect(Math.abs(engine.epoch - secondsSince2026)).toBeLessThan(600);
    await engine.write([put('a')]);
    expect(await keys()).toEqual(['a']);
  });

  test('acknowledges no batch before it is on the disk, also for a role with synchronous_commit = off', async () => {
    for (const [setting, sync] of [
      ['off', 'on'],
      ['local', 'on'],
      ['remote_apply', null],
    ]) {
      const client = new pg.Client({
        connectionString: place.url(),
        options: `-c synchronous_commit=${setting}`,
      });
      await client.connect();
      const { text, values } = batchStatement(engine.epoch, 10, [put('a')]);
      expect((await client.query(text, values)).rows).toMatchObject([{ sync }]);
      await client.end();
    }
  });

  test('lets texts through that jsonb refuses, unchanged', async () => {
    const texts = ['a NUL \0 in it', 'half a pair \ud83c', 'a pair \u{1f34f}', '{"b": 1,  "a":1, "a":2}'];
    await engine.write(texts.map((text, n) => put(String(n), { text })));
    expect(await engine.getMany('noted', ['0', '1', '2', '3', '4'])).toEqual([
      ...texts.map((text) => JSON.stringify({ text })),
      undefined,
    ]);
  });
});
