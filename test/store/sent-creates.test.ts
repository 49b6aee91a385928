import { expect, test } from 'vitest';
import { DAY } from './records.ts';
import { describeStore } from './store-fixture.ts';

describeStore('creates that were sent', (the) => {
  const known = (...names: string[]) =>
    names.map((name) => [the().store.sent.sentAt(name), the().store.sent.uptimeAtSend(name)]);

  test('are known with the uptime of their server without a read, also after a restart', async () => {
    const { store, clock } = the();
    store.sent.put('booted', clock.now(), 90);
    store.sent.put('unknown', clock.now(), null);
    store.sent.put('answered', clock.now(), 90);
    store.sent.delete('answered');
    const all = [
      [clock.now(), 90],
      [clock.now(), null],
      [null, null],
    ];
    expect(known('booted', 'unknown', 'answered')).toEqual(all);
    await the().reopen();
    expect(known('booted', 'unknown', 'answered')).toEqual(all);
  });

  test('are removed when they are too old', async () => {
    const { store, clock } = the();
    store.sent.put('old', clock.now(), 90);
    clock.advance(31 * DAY);
    expect(await store.prune(clock.now())).toBe(1);
    expect(known('old')).toEqual([[null, null]]);
  });
});
