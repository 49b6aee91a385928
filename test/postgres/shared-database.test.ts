import pg from 'pg';
import { describe, expect, inject, vi } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { pool } from '../../src/store/postgres/pool.ts';
import { SharedDatabase } from '../../src/store/shared/shared-database.ts';
import { type DatabaseOfTest, sharedDatabaseRules } from '../store/shared-database-rules.ts';
import { PostgresPlace } from './postgres-place.ts';

const port = inject('postgres');

async function make(): Promise<DatabaseOfTest> {
  const place = new PostgresPlace(port ?? 0);
  await place.make();
  const ask = async (text: string, values: unknown[] = []) => (await place.ask(text, values)).rows;
  return {
    clock: systemClock,
    open: () => SharedDatabase.open(place.url(), 8_000, pool),
    ask,
    async hold(text, values) {
      const client = new pg.Client({ connectionString: place.url() });
      await client.connect();
      await client.query('begin');
      await client.query(text, values);
      return async () => {
        await client.query('commit');
        await client.end();
      };
    },
    untilOneWaits: () =>
      vi.waitFor(
        async () => {
          const waiting = await ask(
            "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
          );
          expect(waiting).toHaveLength(1);
        },
        { timeout: 20_000 },
      ),
    endLease: async () => void (await ask("update jeballto_runner.lease set expires_at = '-infinity'")),
    finish: (work) => work,
    remove: async () => void (await place.remove()),
  };
}

describe.runIf(port)('a database that several controllers share', () => sharedDatabaseRules(make));
