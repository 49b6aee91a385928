import type pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { OpenPool } from '../../../src/store/postgres/pool.ts';
import { SharedDatabase } from '../../../src/store/shared/shared-database.ts';
import { type DatabaseOfTest, sharedDatabaseRules } from '../../store/shared-database-rules.ts';
import { ManualClock, settled } from '../../support/manual-clock.ts';
import { SimulatedDatabase } from './simulated-database.ts';

/** Milliseconds for which a statement is under way that a test holds. */
const HELD = 1_000;

/** Connections without a network. */
const directly =
  (database: SimulatedDatabase): OpenPool =>
  () =>
    ({
      query: async (text: string, values: unknown[] = []) => ({
        rows: await database.execute(text, values, null),
      }),
      on: () => undefined,
      end: () => Promise.resolve(),
    }) as unknown as pg.Pool;

async function make(): Promise<DatabaseOfTest> {
  const clock = new ManualClock();
  let takes = 0;
  const database = new SimulatedDatabase({ clock, batchTakes: () => takes });
  return {
    clock,
    open: () => SharedDatabase.open('postgres://simulated/jobs', 8_000, directly(database)),
    ask: (text, values) => database.execute(text, values, null),
    async hold(text, values) {
      takes = HELD;
      const done = database.execute(text, values, null);
      await settled();
      takes = 0;
      return async () => {
        await clock.pass(HELD);
        await done;
      };
    },
    untilOneWaits: settled,
    endLease: async () => database.endLease(),
    finish: (work) => clock.finish(work),
    remove: () => Promise.resolve(),
  };
}

describe('the simulated database', () => {
  sharedDatabaseRules(make);

  test('refuses a statement that it does not know', async () => {
    const database = new SimulatedDatabase({ clock: new ManualClock() });
    await expect(database.execute('select 1', [], null)).rejects.toThrow('does not know');
  });

  test('rolls back what is under way when it stops', async () => {
    const clock = new ManualClock();
    const database = new SimulatedDatabase({ clock, batchTakes: () => HELD });
    const one = await SharedDatabase.open('postgres://simulated/jobs', 8_000, directly(database));
    const engine = await one.take({ holder: 'mini', length: 8_000, clock, onLost: () => undefined });
    const writing = engine?.write([{ type: 'put', table: 'noted', key: 'a', value: '1' }]);
    await settled();
    database.stop();
    await Promise.all([expect(writing).rejects.toThrow('terminating'), clock.pass(HELD)]);
    expect(await one.reader.getMany('noted', ['a'])).toEqual([undefined]);
    await clock.finish(engine?.write([{ type: 'put', table: 'noted', key: 'b', value: '1' }]) ?? never());
    expect(await one.reader.getMany('noted', ['a', 'b'])).toEqual([undefined, '1']);
    await engine?.close();
  });
});

const never = (): Promise<void> => new Promise(() => undefined);
