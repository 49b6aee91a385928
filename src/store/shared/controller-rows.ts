import { z } from 'zod';
import type { Connections } from '../postgres/connections.ts';
import { SCHEMA } from '../postgres/sql-table.ts';
import type { Writer } from '../postgres/writer.ts';

const about = z.object({
  name: z.string(),
  version: z.string(),
  digest: z.string(),
  hosts: z.array(z.string()),
  labels: z.array(z.string()),
  adminUrl: z.string(),
  refusal: z.string().nullable(),
});

/** What a controller says of itself. */
export interface AboutController extends z.output<typeof about> {}

/** `active` from the moment it has the lease. */
export type ControllerRole = 'active' | 'standby';

export interface ControllerRow extends AboutController {
  id: string;
  role: ControllerRole;
  /** Null while it stands by. */
  epoch: number | null;
  /** Epoch ms on the database's clock, from which it has this role. */
  since: number;
  /** Milliseconds since it was last seen. */
  seenAgo: number;
}

/** After this time nobody asks any more where a controller is that ended without a word. */
const FORGOTTEN_AFTER = '1 day';

const PUT = `
with gone as (
  delete from ${SCHEMA}.controllers where seen_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'
)
insert into ${SCHEMA}.controllers as known (id, about, role, epoch, since, seen_at)
values ($1, $2::json, $3, $4, clock_timestamp(), clock_timestamp())
on conflict (id) do update set about = excluded.about, role = excluded.role, epoch = excluded.epoch,
  since = case when known.role = excluded.role and known.epoch is not distinct from excluded.epoch
    then known.since else excluded.since end,
  seen_at = excluded.seen_at`;

const LIST = `
select id, about, role, epoch, extract(epoch from since) * 1000 as since,
  extract(epoch from clock_timestamp() - seen_at) * 1000 as seen_ago
from ${SCHEMA}.controllers order by role, since, id`;

const REMOVE = `delete from ${SCHEMA}.controllers where id = $1`;

/** Every statement about controllers; the simulated database knows each statement by its text. */
export const CONTROLLER_SQL = { put: PUT, list: LIST, remove: REMOVE };

/** The controllers of a database: each one writes its row again and again, so that the others see that it is there. */
export class ControllerRows {
  readonly #connections: Connections;
  readonly #writer: Writer;

  constructor(connections: Connections, writer: Writer) {
    this.#connections = connections;
    this.#writer = writer;
  }

  /** `epoch` is that of the active one. */
  async put(id: string, says: AboutController, role: ControllerRole, epoch: number | null): Promise<void> {
    await this.#writer.write({ text: PUT, values: [id, JSON.stringify(says), role, epoch] });
  }

  async remove(id: string): Promise<void> {
    await this.#writer.write({ text: REMOVE, values: [id] });
  }

  /** The active one first. A row of another version that cannot be read is left out. */
  async all(): Promise<ControllerRow[]> {
    const rows = await this.#connections.read(LIST);
    return rows.flatMap((row) => {
      const { data } = about.safeParse(row.about);
      if (!data) return [];
      return {
        id: String(row.id),
        ...data,
        role: row.role === 'active' ? ('active' as const) : ('standby' as const),
        epoch: row.epoch === null ? null : Number(row.epoch),
        since: Math.round(Number(row.since)),
        seenAgo: Math.round(Number(row.seen_ago)),
      };
    });
  }
}
