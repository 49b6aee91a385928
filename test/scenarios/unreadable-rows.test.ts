import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { inspectLevel } from '../../src/store/leveldb/inspect-level.ts';
import { DAMAGED, putBadRows } from '../store/unreadable-rows.ts';
import { conclusions, scenario } from './scenario.ts';

const ROUTES = [
  '/api/jobs',
  '/api/waiting',
  '/api/hosts',
  '/api/sources',
  '/api/status',
  '/api/state',
  '/api/journal',
  '/api/stats',
  '/metrics',
];

const ROW = /a row of the store cannot be read and is kept in quarantine/;
const RECORD = /its record is unreadable and was put in quarantine/;

test('law 14: rows of every table that cannot be read go to quarantine once, and everything else goes on', async () => {
  await using world = await scenario();
  const first = await world.start();
  const ended = world.push();
  await world.isClean();
  const running = world.push([{ steps: ['sleep 3'] }]);
  await world.reaches('running.busy');
  await first.drain();

  const bad = await putBadRows(world.storePath);
  const lines = () =>
    world
      .log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { msg: string; table?: string });
  const told = (text: RegExp) => lines().filter(({ msg }) => text.test(msg));

  const inspected = await inspectLevel(world.storePath, systemClock);
  for (const table of DAMAGED) {
    // Rows of the quarantine itself are not moved.
    if (table === 'actors' || table === 'quarantine') continue;
    expect([table, inspected.unreadable[table] ?? 0]).toEqual([
      table,
      expect.toSatisfy((rows: number) => rows >= (bad.get(table)?.length ?? 0)),
    ]);
  }

  const second = await world.start();
  const later = world.push();
  await world.isClean();
  expect(conclusions([...ended, ...running, ...later])).toEqual(['success', 'success', 'success']);
  for (const route of ROUTES) {
    const response = await fetch(`${world.adminUrl}${route}`);
    expect([route, response.status]).toEqual([route, 200]);
    await response.text();
  }
  const { unreadable, unreadableRows } = (await world.status()).store as unknown as {
    unreadable: number;
    unreadableRows: Record<string, number>;
  };
  expect(unreadable).toBeGreaterThan(100);
  expect(unreadableRows).toEqual(inspected.unreadable);
  expect(told(ROW).filter(({ table }) => table !== 'quarantine')).toHaveLength(unreadable);
  expect(told(RECORD)).toHaveLength(bad.get('actors')?.length ?? 0);
  await second.drain();

  const before = lines().length;
  const third = await world.start();
  const last = world.push();
  await world.isClean();
  expect(conclusions(last)).toEqual(['success']);
  const again = lines().slice(before);
  expect(again.filter(({ msg }) => ROW.test(msg) || RECORD.test(msg))).toEqual([]);
  await third.drain();
});
