import { pino } from 'pino';
import { expect, test } from 'vitest';
import { handlePendingDeliveries } from '../../src/intake/webhooks/pending-deliveries.ts';
import { DAY, observation } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';

test('F: a delivery whose handling fails goes to quarantine, and the others are handled', async () => {
  const log = pino({ level: 'silent' });
  const database = memoryDatabase();
  const open = () => memoryStore({ clock: new ManualClock(), log, retention: DAY }, database);
  let store = await open();
  for (const n of [1, 2, 3]) await store.deliveries.remember(`d${n}`, () => observation(n));
  const seen: number[] = [];
  const observe = ({ jobId }: { jobId: number }) => {
    if (jobId === 2) throw new Error('nobody expected that');
    seen.push(jobId);
  };
  await handlePendingDeliveries({ store, observe, log });
  expect(seen).toEqual([1, 3]);
  await store.close();
  await database.open();
  store = await open();
  await handlePendingDeliveries({ store, observe, log });
  expect(seen).toEqual([1, 3]);
  expect(store.quarantine.rows()).toEqual({ deliveries: 1 });
  expect(await store.deliveries.remember('d2', () => null)).toBe('known');
  await store.close();
});
