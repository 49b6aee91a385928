import { expect, test, vi } from 'vitest';
import { actorRecord, DAY, journalEntry, settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('pruning', (the) => {
  test('removes what is older than the retention and keeps the rest', async () => {
    const { store, clock } = the();
    store.settled.put(settledJob(1, { at: clock.now() }));
    store.noted.addOnce(1);
    store.quarantine.put('1', null, 'strange');
    store.actors.put('2', actorRecord());
    store.journal.append(journalEntry({ at: clock.now() }));
    await store.deliveries.remember('d1', () => null);

    clock.advance(9 * DAY);
    expect(await store.prune(clock.now())).toBe(1);
    expect(store.counts()).toMatchObject({ settled: 1, noted: 1, deliveries: 0, quarantined: 1 });
    store.settled.put(settledJob(2, { at: clock.now() }));
    store.journal.append(journalEntry({ at: clock.now() }));
    await store.durable();

    clock.advance(22 * DAY);
    expect(await store.prune(clock.now())).toBe(4);
    await the().reopen();
    expect(the().store.counts()).toEqual({
      actors: 1,
      settled: 1,
      noted: 0,
      deliveries: 0,
      quarantined: 0,
      unreadable: 0,
      journalSeq: 2,
    });
    expect([1, 2].map((id) => the().store.settled.has(id))).toEqual([false, true]);
    expect(await the().journal()).toEqual([2]);
  });

  test('K: removes everything old, in parts that become durable one after the other', async () => {
    const { store, clock } = the();
    for (let n = 1; n <= 5_500; n += 1) {
      store.settled.put(settledJob(n, { at: n }));
      store.journal.append(journalEntry({ at: n }));
    }
    store.settled.put(settledJob(6_000, { at: clock.now() }));
    await store.durable();
    const batches = the().watchBatches();
    expect(await store.prune(clock.now())).toBe(5_500 + 5_499);
    await store.durable();
    expect(Math.max(...batches.map(({ keys }) => keys.length))).toBeLessThanOrEqual(3_000);
    expect([1, 5_500, 6_000].map((id) => store.settled.has(id))).toEqual([false, false, true]);
    expect(await the().journal()).toEqual([5_500]);
    expect(await store.prune(clock.now())).toBe(0);
  });

  test('K: leaves the rest to the next run while the disk is slow', async () => {
    const { store, clock } = the();
    for (let n = 1; n <= 2_500; n += 1) store.settled.put(settledJob(n, { at: n }));
    await store.durable();
    the().watchBatches({ refuse: 'no space left' });
    const pruned = store.prune(clock.now());
    await vi.waitFor(() => expect(clock.alarms.length).toBeGreaterThanOrEqual(2));
    vi.spyOn(store, 'durable').mockReturnValue(new Promise(() => undefined));
    clock.advance(10_000);
    expect(await pruned).toBeLessThan(2_500);
  });

  test('I2: entries from a time when the clock was ahead are removed together with those around them', async () => {
    const { store, clock } = the();
    const start = clock.now();
    const years = 3_650 * DAY;
    for (const at of [start, start + years, start + years + 1, start + DAY, start + 40 * DAY])
      store.journal.append(journalEntry({ at }));
    await store.durable();
    clock.advance(30.5 * DAY);
    await store.prune(clock.now());
    expect(await the().journal()).toEqual([2, 3, 4, 5]);
    clock.advance(DAY);
    await store.prune(clock.now());
    await store.durable();
    expect(await the().journal()).toEqual([5]);
  });

  test('I2: a clock that is behind at the start of a Mac removes nothing', async () => {
    const { store, clock } = the();
    const now = clock.now();
    for (let n = 1; n <= 3; n += 1) {
      store.journal.append(journalEntry({ at: now - n }));
      store.settled.put(settledJob(n, { at: now }));
      store.names.put(n, 100, now);
      await store.deliveries.remember(`d${n}`, () => null);
    }
    const counts = store.counts();
    const behind = now - 3_650 * DAY;
    store.journal.append(journalEntry({ at: behind }));
    expect([await store.prune(behind), await store.prune(behind + 60_000)]).toEqual([0, 0]);
    expect(await store.prune(now + DAY)).toBe(0);
    expect(store.counts()).toEqual({ ...counts, journalSeq: 4 });
  });

  test('I2: rows with an instant in the future get the current one, and are removed after the retention', async () => {
    const { store, clock } = the();
    const ahead = clock.now() + 3_650 * DAY;
    store.settled.put(settledJob(1, { at: ahead }));
    store.settled.put(settledJob(2, { at: clock.now() }));
    store.names.put(1, 100, ahead);
    await store.durable();
    const delivery = { at: ahead, order: 1, observation: null, handled: true };
    await the().putText('deliveries', 'd1', JSON.stringify(delivery));
    await the().reopen();
    for (let n = 0; n < 3; n += 1) {
      expect(await the().store.prune(clock.now())).toBe(0);
      clock.advance(3_600_000);
    }
    await the().reopen();
    clock.advance(31 * DAY);
    expect(await the().store.prune(clock.now())).toBe(4);
    await the().reopen();
    expect(the().store.counts()).toMatchObject({ settled: 0, deliveries: 0 });
    expect(the().store.names.lastOf(1)).toBe(the().epoch);
  });
});
