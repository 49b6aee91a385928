import { expect, test } from 'vitest';
import type { Leftover } from '../../src/store/tables/leftovers.ts';
import { DAY } from './records.ts';
import { describeStore } from './store-fixture.ts';

const leftover = (at: number, more: Partial<Leftover> = {}): Leftover => ({
  at,
  vm: { host: 'mini-1', name: 'gh-a-1-1' },
  runner: { scope: { kind: 'repository', owner: 'octo', repository: 'app' }, name: 'gh-a-1-1' },
  ...more,
});

describeStore('leftovers', (the) => {
  const keys = async () => (await the().store.leftovers.all()).map(({ key }) => key);

  test('are there until they are removed, across a restart', async () => {
    const { store, clock } = the();
    const organization = leftover(clock.now(), {
      vm: null,
      runner: { scope: { kind: 'organization', owner: 'octo' }, name: 'gh-a-2-1' },
    });
    store.leftovers.put('gh-a-1-1', leftover(clock.now()));
    store.leftovers.put('gh-a-2-1', organization);
    await the().reopen();
    expect(await the().store.leftovers.all()).toEqual([
      { key: 'gh-a-1-1', leftover: leftover(clock.now()) },
      { key: 'gh-a-2-1', leftover: organization },
    ]);
    the().store.leftovers.delete('gh-a-1-1');
    await the().reopen();
    expect(await keys()).toEqual(['gh-a-2-1']);
  });

  test('are removed when they are too old', async () => {
    const { store, clock } = the();
    store.leftovers.put('gh-a-1-1', leftover(clock.now()));
    store.leftovers.put('gh-a-2-1', leftover(clock.now() + 20 * DAY));
    await store.durable();
    clock.advance(31 * DAY);
    expect(await store.prune(clock.now())).toBe(1);
    await store.durable();
    expect(await keys()).toEqual(['gh-a-2-1']);
  });

  test('law 14: are read without one that is unreadable', async () => {
    const { store, clock } = the();
    store.leftovers.put('gh-a-1-1', leftover(clock.now()));
    store.leftovers.put('gh-a-2-1', leftover(clock.now()));
    store.leftovers.put('gh-a-3-1', { ...leftover(clock.now()), vm: { host: 7 } as never });
    await the().damage('leftovers', 'gh-a-1-1');
    expect(await keys()).toEqual(['gh-a-2-1']);
    await the().reopen();
    expect(await keys()).toEqual(['gh-a-2-1']);
  });
});
