import { pino } from 'pino';
import { describe, expect, test, vi } from 'vitest';
import type { WebhookReceiverOptions } from '../../src/intake/webhooks/webhook-receiver.ts';
import { DAY, settledJob } from '../store/records.ts';
import { deferred } from '../support/deferred.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { soon } from '../support/soon.ts';
import { JSON_BODY, newInbox, signatureOf, webhookRig } from './webhook-rig.ts';

describe('a delivery is acknowledged', () => {
  test('only when it is durable, together with what it changed', async () => {
    const disk = deferred<'stored'>();
    const rig = webhookRig({ store: newInbox(() => disk.promise) });
    const answered = vi.fn();
    const answer = rig.deliver(JSON_BODY).finally(answered);
    await soon(() => expect(rig.clock.alarms).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).not.toHaveBeenCalled();
    expect([rig.handed.length, rig.stored.length]).toEqual([1, 0]);
    disk.resolve('stored');
    expect(await answer).toEqual({ status: 202, message: 'stored' });
    expect([rig.handed.length, rig.stored.length]).toEqual([1, 1]);
    expect(rig.clock.alarms).toEqual([]);
  });

  test('with 503 when it cannot be stored', async () => {
    const rig = webhookRig({ store: newInbox(() => Promise.reject(new Error('no space left'))) });
    expect(await rig.deliver(JSON_BODY)).toMatchObject({
      status: 503,
      message: expect.stringContaining('redeliver'),
    });
    expect(rig.stored).toEqual([]);
    expect(JSON.stringify(rig.lines)).toContain('no space left');
  });

  test('with 503 when the disk takes longer than GitHub waits, and is still stored later', async () => {
    const disk = deferred<'stored'>();
    const rig = webhookRig({ store: newInbox(() => disk.promise) });
    const answer = rig.deliver(JSON_BODY);
    await soon(() => expect(rig.clock.alarms).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    rig.clock.advance(8_000);
    expect((await answer).status).toBe(503);
    expect(rig.stored).toEqual([]);
    disk.resolve('stored');
    await soon(() => expect(rig.stored).toHaveLength(1));
  });
});

/** A store as the daemon has it, in memory. */
async function stored(over: Partial<WebhookReceiverOptions> = {}) {
  const database = memoryDatabase();
  await database.open();
  const options = { clock: new ManualClock(), log: pino({ level: 'silent' }), retention: 30 * DAY };
  const store = await memoryStore(options, database);
  /** The tables that each batch writes to. */
  const batches: string[][] = [];
  database.on('write', (operations: { key: Uint8Array }[]) =>
    batches.push(operations.map(({ key }) => String(Buffer.from(key)).split('!')[1] ?? '')),
  );
  const rig = webhookRig({
    store: store.deliveries,
    ...over,
  });
  return { ...rig, store, batches };
}

describe('redelivery', () => {
  test('with the same id is known and passed on once, also when both copies come at once', async () => {
    const rig = await stored();
    const copies = await Promise.all([1, 2, 3].map(() => rig.deliver(JSON_BODY, { id: 'same' })));
    copies.push(await rig.deliver(JSON_BODY, { id: 'same' }));
    expect(copies.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(copies.map(({ message }) => message).sort()).toEqual(['known', 'known', 'known', 'stored']);
    expect(rig.handed).toHaveLength(1);
    expect(rig.stored).toHaveLength(1);
  });

  test('of a refused delivery is accepted like a first one', async () => {
    const rig = await stored();
    await rig.deliver(JSON_BODY, { id: 'same', signature: signatureOf('x') });
    expect((await rig.deliver(JSON_BODY, { id: 'same' })).message).toBe('stored');
    expect(rig.handed).toHaveLength(1);
  });

  test('under a new id is passed on: only the state of the job can show that it is a copy', async () => {
    const rig = await stored();
    await rig.deliver(JSON_BODY, { id: 'one' });
    expect((await rig.deliver(JSON_BODY, { id: 'two' })).message).toBe('stored');
  });
});

test('a delivery and its changes are one write', async () => {
  const rig = await stored({ onNew: () => rig.store.settled.put(settledJob(1)) });
  await rig.deliver(JSON_BODY);
  expect(rig.batches).toEqual([['settled', 'deliveries']]);
  expect(await rig.store.deliveries.pending()).toEqual([]);
});

test('a delivery whose handling fails is acknowledged, and handled at the next start', async () => {
  const rig = await stored({
    onNew: () => {
      throw new Error('a fault of ours');
    },
  });
  expect(await rig.deliver(JSON_BODY)).toEqual({ status: 202, message: 'stored' });
  expect(rig.lines).toMatchObject([{ level: 50, err: { message: 'a fault of ours' } }]);
  expect(await rig.store.deliveries.pending()).toHaveLength(1);
});

test('a draining daemon stores deliveries for the next start, and passes none on', async () => {
  const rig = await stored({ takesJobs: () => false });
  expect((await rig.deliver(JSON_BODY, { id: 'late' })).message).toBe('stored');
  expect(rig.handed).toEqual([]);
  const pending = await rig.store.deliveries.pending();
  expect(pending).toMatchObject([{ id: 'late', observation: { owner: 'octo', status: 'queued' } }]);
});
