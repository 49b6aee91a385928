import { createHmac } from 'node:crypto';
import type { Chance } from './chance.ts';
import type { Committed } from './committed.ts';

/** Chances in [0, 1) that something is told to the daemon that cannot be true. */
export interface Untruths {
  /** Of rows that cannot be read, at each start but the first. */
  rows: number;
  /** Of a VM in each list of an agent that no daemon can read. */
  vms: number;
  /** Of a signed delivery of odd values before each genuine one. */
  deliveries: number;
}

/** Two seeds of three tell nothing but what is true. */
export function planUntruths(chance: Chance): Untruths {
  const some = () => (chance.is(0.5) ? 0.1 + chance.next() * 0.6 : 0);
  return chance.is(1 / 3)
    ? { rows: some(), vms: some(), deliveries: some() }
    : { rows: 0, vms: 0, deliveries: 0 };
}

/**
 * Tables in which one row may be lost without harm to a job, since its key alone says what must not be forgotten, or
 * since it is found out again. Not those of jobs and of leftovers: their loss is a trouble of its own.
 */
const TABLES = ['journal', 'deliveries', 'settled', 'noted', 'names', 'sent', 'repositories', 'evidence'];
const TEXTS = ['', '{"torn', 'null', '[]', '{"at":1e308}', '{"at":-1,"last":-5,"id":0}', '7', '"text"'];
const ODD_IDS = [0, -5, 0.5, 2 ** 53, 1e308, '7', null, {}];
const ODD_ROWS = [null, 7, {}, { id: 7, name: null }, { id: '', name: 'x'.repeat(2_000) }, []];

/** What a bad disk or a fault of ours made of some rows between two lives of the daemon. */
export function spoilRows({ rows }: Committed, chance: Chance): string[] {
  return Array.from({ length: chance.between(1, 4) }, () => {
    const table = chance.pick(TABLES);
    const there = [...rows.keys()].filter((key) => key.startsWith(`!${table}!`));
    // What a delivery or an entry that is lost said is nowhere else: beside those that are there come strange ones.
    const isAdded = there.length === 0 || table === 'deliveries';
    const key = isAdded ? `!${table}!strange-${chance.between(1, 1_000)}` : chance.pick(there);
    rows.set(key, chance.pick(TEXTS));
    return key;
  });
}

/** An agent's list with one row more, which nobody can read, or with odd values where the rest can do without. */
export function spoilVms(body: unknown, chance: Chance): unknown {
  const { vms, ...page } = body as { vms: Record<string, unknown>[] };
  if (chance.is(0.5)) return { ...page, vms: [...vms, chance.pick(ODD_ROWS)] };
  const odd = { uptime: -1, createdAt: 'yesterday', resources: null, network: { sshPort: 70_000 } };
  return { ...page, vms: vms.map((vm) => (chance.is(0.5) ? { ...vm, ...odd } : vm)) };
}

/** A genuine delivery with an id that is none, signed as GitHub signs. */
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
