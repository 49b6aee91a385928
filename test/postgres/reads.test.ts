import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Range } from '../../src/store/engine.ts';
import type { PostgresEngine } from '../../src/store/postgres/postgres-engine.ts';
import { PostgresPlace } from './postgres-place.ts';

const port = inject('postgres');

describe.runIf(port)('reads of many rows', () => {
  let place: PostgresPlace;
  let engine: PostgresEngine;
  const all = Array.from({ length: 2_000 }, (_, n) => String(n).padStart(5, '0'));
  beforeAll(async () => {
    place = new PostgresPlace(port ?? 0);
    engine = await place.open();
    await engine.write(
      [...all, 'ä', 'Z', 'z'].map((key) => ({ type: 'put', table: 'noted', key, value: '{}' })),
    );
  });
  afterAll(async () => {
    await engine.close();
    await place.remove();
  });
  const keys = async (range: Range) => {
    const found = [];
    for await (const key of engine.keys('noted', range)) found.push(key);
    return found;
  };

  test('go over pages, in both directions, in the order of their bytes', async () => {
    expect(await keys({})).toEqual([...all, 'Z', 'z', 'ä']);
    expect(await keys({ reverse: true })).toEqual(['ä', 'z', 'Z', ...all.toReversed()]);
  });

  test.each<[Range, string[]]>([
    [{ gt: '00009', lt: '00012' }, ['00010', '00011']],
    [{ gt: '00999', limit: 40 }, all.slice(1_000, 1_040)],
    [{ lt: '00999', limit: 40, reverse: true }, all.slice(959, 999).toReversed()],
    [{ limit: 0 }, []],
    [{ gt: 'ä' }, []],
  ])('keep the bounds %j', async (range, expected) => {
    expect(await keys(range)).toEqual(expected);
  });
});
