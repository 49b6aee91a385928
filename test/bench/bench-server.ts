import { migratedServer, whyNoServer } from '../postgres/migrated-server.ts';
import { PostgresPlace } from '../postgres/postgres-place.ts';
import type { RowResult } from './measure.ts';

type Found = Omit<RowResult, 'row' | 'seconds'>;

/** A database of its own with the tables. */
export type MakeDatabase = () => Promise<PostgresPlace>;

/** Measures on a PostgreSQL server that syncs its commits, as LevelDB does; without one the row is skipped. */
export async function onServer(measure: (makeDatabase: MakeDatabase) => Promise<Found>): Promise<Found> {
  const missing = whyNoServer();
  if (missing !== null) return { measures: [], skipped: [missing] };
  const server = await migratedServer({ settings: { fsync: 'on' } });
  try {
    return await measure(async () => {
      const place = new PostgresPlace(server.port);
      await place.make();
      return place;
    });
  } finally {
    await server.remove();
  }
}
