import { Level } from 'level';
import { TABLES, type TableName } from '../../src/store/engine.ts';
import type { Database } from '../../src/store/leveldb/level-engine.ts';
import { actorRecord, journalEntry, observation, settledJob } from './records.ts';

/** Without `meta`: it has the version that wrote the store, and an unreadable one refuses the store. */
type Damaged = Exclude<TableName, 'meta' | 'journalOfJob'>;
export const DAMAGED = TABLES.filter((name): name is Damaged => name !== 'meta' && name !== 'journalOfJob');

const at = 1_790_000_000_000;

/** A valid row of each table. */
export const WHOLE: Record<Damaged, object> = {
  actors: actorRecord(),
  journal: { ...journalEntry({ at }), seq: 1 },
  deliveries: { at, order: 1, observation: observation(7), handled: false },
  settled: settledJob(7, { at }),
  noted: { at },
  quarantine: { at, reason: 'it is strange', raw: '' },
  cordons: { by: 'ada', at },
  silences: { ms: 5_000 },
  proofs: { cause: 'lost', since: at },
  evidence: {
    jobId: 7,
    attempt: 1,
    at,
    vmName: null,
    host: null,
    agentEvents: [],
    screen: null,
    logs: {},
    hostLook: null,
    missing: [],
  },
  names: { at, last: 1 },
  leftovers: { at, vm: { host: 'mini', name: 'gh-a-1-1' }, runner: null },
  repositories: { id: 7 },
  sent: { at },
  notices: {
    key: '7000000',
    kind: 'host',
    mood: 'warn',
    what: 'Host mini-1',
    sentence: 'It does not answer.',
    whom: 'jobs on mini-1',
    act: '',
    link: null,
    begunAt: at,
    missingSince: null,
    endedAt: null,
    isTold: true,
  },
  inbox: { at, observation: observation(7), hook: null },
  rollouts: {
    current: { reference: 'ghcr.io/a/b:c', digest: 'sha256:1', runner: null, served: 7, failed: 1 },
    previous: null,
    trial: {
      reference: 'ghcr.io/a/b:c',
      digest: 'sha256:2',
      runner: null,
      served: 1,
      failed: 0,
      host: 'mini',
      since: at,
      doubt: { at, why: 'It did not boot.' },
      lastFailure: null,
    },
    refused: null,
    last: { what: 'first', why: 'It is the first one.', at, by: null },
  },
};

/** Copies of the row, in each of which one of its numbers is replaced. */
function withNumber(row: object, number: unknown): string {
  return JSON.stringify(row, (_key, value) => (typeof value === 'number' ? number : value));
}

function deep(levels: number): string {
  return '['.repeat(levels) + ']'.repeat(levels);
}

/** Texts that are not a row of a table. */
export function badRows(table: Damaged): string[] {
  const whole = WHOLE[table];
  const huge = { ...JSON.parse(withNumber(whole, 'x')), at: 'x'.repeat(3_000_000) };
  return [
    '',
    '{"torn',
    'null',
    '7',
    '"text"',
    '[]',
    '{"of":"another shape"}',
    '{"__proto__":{"at":1},"constructor":1}',
    ...[-1, 0.5 - 1, 1e308, -1e308, 2 ** 53, null, 'NaN', '\ud800', [], {}].map((number) =>
      withNumber(whole, number),
    ),
    deep(200_000),
    JSON.stringify(huge),
  ];
}

const isNumbered: readonly TableName[] = ['journal', 'settled', 'names'];

/** Valid keys of a table, far from those of other rows. */
export function keyOf(table: TableName, n: number): string {
  const number = String(7_000_000 + n).padStart(16, '0');
  if (table === 'evidence') return `${number}-1`;
  if (table === 'quarantine') return `${7_000_000 + n}#1`;
  if (table === 'notices') return `ops ${7_000_000 + n}`;
  return isNumbered.includes(table) ? number : `${7_000_000 + n}`;
}

/** Puts every bad row into every table of a closed store; returns how many each table has, and their texts. */
export async function putBadRows(folder: string): Promise<Map<Damaged, string[]>> {
  const database = new Level<string, string>(folder) as unknown as Database;
  await database.open();
  const put = new Map<Damaged, string[]>();
  for (const table of DAMAGED) {
    const rows = badRows(table);
    const sublevel = database.sublevel(table);
    for (const [n, raw] of rows.entries()) await sublevel.put(keyOf(table, n), raw);
    put.set(table, rows);
  }
  for (const [n, key] of ['', 'zzz', '0000000000000000', '9007199254740991', '9'.repeat(16)].entries()) {
    if (key !== '') await database.sublevel('journal').put(key, `"strange key ${n}"`);
    await database.sublevel('journalOfJob').put(`${key}-${key}`, deep(50_000));
  }
  await database.close();
  return put;
}
