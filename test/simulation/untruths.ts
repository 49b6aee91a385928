import { createHmac } from 'node:crypto';
import type { Chance } from './chance.ts';
import type { Committed } from './committed.ts';

/** Chances in [0, 1) that the daemon is told something that cannot be true. */
export interface Untruths {
  /** That rows cannot be read, at each start except the first. */
  rows: number;
  /** That an agent's list contains a VM that no daemon can read. */
  vms: number;
  /** That a signed delivery with odd values comes before a genuine one. */
  deliveries: number;
}

/** Two of three seeds draw no untrue statements. */
export function planUntruths(chance: Chance): Untruths {
  const some = () => (chance.is(0.5) ? 0.1 + chance.next() * 0.6 : 0);
  return chance.is(1 / 3)
    ? { rows: some(), vms: some(), deliveries: some() }
    : { rows: 0, vms: 0, deliveries: 0 };
}

/**
 * Tables in which one row may be lost without harm to a job, since its key alone has the fact that must not
 * be lost, or since it can be found out again. Not those of jobs and of leftovers: their loss is a trouble of
 * its own.
 */
const TABLES = ['journal', 'deliveries', 'settled', 'noted', 'names', 'sent', 'repositories', 'evidence'];
const TEXTS = ['', '{"torn', 'null', '[]', '{"at":1e308}', '{"at":-1,"last":-5,"id":0}', '7', '"text"'];
const ODD_IDS = [0, -5, 0.5, 2 ** 53, 1e308, '7', null, {}];
const ODD_ROWS = [null, 7, {}, { id: 7, name: null }, { id: '', name: 'x'.repeat(2_000) }, []];

/**
 * Damages some rows between two lives of the daemon, as a bad disk or a fault of ours would; none where no life has
 * begun its store yet, since a row in there is then another program's. Returns their keys.
 */
export function spoilRows({ rows }: Committed, chance: Chance): string[] {
  if (rows.size === 0) return [];
  return Array.from({ length: chance.between(1, 4) }, () => {
    const table = chance.pick(TABLES);
    const there = [...rows.keys()].filter((key) => key.startsWith(`!${table}!`));
    // The content of a lost delivery or entry exists nowhere else, so strange rows are added to the genuine
    // ones instead.
    const isAdded = there.length === 0 || table === 'deliveries';
    const key = isAdded ? `!${table}!strange-${chance.between(1, 1_000)}` : chance.pick(there);
    rows.set(key, chance.pick(TEXTS));
    return key;
  });
}

/**
 * An agent's list with one more row that cannot be read, or with odd values in fields that are not needed.
 */
export function spoilVms(body: unknown, chance: Chance): unknown {
  const { vms, ...page } = body as { vms: Record<string, unknown>[] };
  if (chance.is(0.5)) return { ...page, vms: [...vms, chance.pick(ODD_ROWS)] };
  const odd = { uptime: -1, createdAt: 'yesterday', resources: null, network: { sshPort: 70_000 } };
  return { ...page, vms: vms.map((vm) => (chance.is(0.5) ? { ...vm, ...odd } : vm)) };
}

/** A genuine delivery whose id is not valid, signed as GitHub signs. */
export function oddDelivery(
  headers: Record<string, string>,
  body: string,
  secret: string,
  chance: Chance,
): { headers: Record<string, string>; body: string } {
  const payload = JSON.parse(body);
  const odd = JSON.stringify({
    ...payload,
    workflow_job: { ...payload.workflow_job, id: chance.pick(ODD_IDS) },
  });
  const signature = createHmac('sha256', secret).update(odd).digest('hex');
  const id = `odd-${chance.between(1, 1_000_000)}`;
  return {
    headers: {
      ...headers,
      'x-github-delivery': id,
      'x-hub-signature-256': `sha256=${signature}`,
      'content-length': String(Buffer.byteLength(odd)),
    },
    body: odd,
  };
}
