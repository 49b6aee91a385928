import { expect, test } from 'vitest';
import { actorRecord, DAY, journalEntry, settledJob } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('pruning', (the) => {
  test('forgets what is beyond its retention and keeps the rest', async () => {
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
      journalSeq: 2,
    });
    expect([1, 2].map((id) => the().store.settled.has(id))).toEqual([false, true]);
    expect(await the().journal()).toEqual([2]);
  });

  test('removes a bounded piece a time, the oldest first', async () => {
    const { store, clock } = the();
    for (let n = 1; n <= 5_500; n += 1) {
      store.settled.put(settledJob(n, { at: n }));
      store.journal.append(journalEntry({ at: n }));
    }
    await store.durable();
    expect(await store.prune(clock.now())).toBe(10_000);
    expect([5_000, 5_001].map((id) => store.settled.has(id))).toEqual([false, true]);
    await store.durable();
    expect(await the().journal({ limit: 1 })).toEqual([5_001]);
    expect(await store.prune(clock.now())).toBe(999);
    await store.durable();
    expect(await the().journal()).toEqual([5_500]);
    expect(await store.prune(clock.now())).toBe(0);
  });
});
