import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import type { Store } from '../../src/store/store.ts';
import { canRun } from '../support/can-run.ts';
import { whyNoLimits } from '../support/limited-files.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { DAY } from './records.ts';
import { type Fact, spawnStore } from './spawn-store.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'store-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

const open = () =>
  openStore({ path, clock: new ManualClock(), log: pino({ level: 'silent' }), retention: 30 * DAY });

/** Acknowledged rounds that the store does not have completely, and pairs of which it has only one part. */
async function lossesOf(store: Store, facts: Fact[]): Promise<string[]> {
  const { records, unreadable } = await store.actors.read();
  const rounds = new Map(
    records.map(({ key, record }) => [key, (record.snapshot as { round: number }).round]),
  );
  const deliveries = new Set((await store.deliveries.pending()).map(({ id }) => id));
  const journal = new Set<string>();
  let lastSeq = 0;
  const lost = unreadable.map(({ key }) => `${key} is unreadable`);
  for await (const { seq, actor, attempt } of store.journal.read()) {
    if (seq !== lastSeq + 1) lost.push(`a gap before journal entry ${seq}`);
    lastSeq = seq;
    journal.add(`${actor}-${attempt}`);
  }
  for (const { worker, n } of facts) {
    if (worker === undefined || n === undefined) continue;
    if (!deliveries.has(`${worker}-${n}`)) lost.push(`delivery ${worker}-${n}`);
    if (!journal.has(`${worker}-${n}`)) lost.push(`journal of ${worker}-${n}`);
    if ((rounds.get(`${worker}.left`) ?? 0) < n) lost.push(`actor of ${worker}-${n}`);
  }
  for (const [key, n] of rounds) {
    if (rounds.get(key.replace('left', 'right')) !== n) lost.push(`the pair of ${key} was split`);
  }
  return lost;
}

test.each([1, 200, 2_000])(
  'after SIGKILL at %i acknowledged rounds under load, none is lost or incomplete',
  async (enough) => {
    const facts = await spawnStore('load', path, (_, count) => count > enough);
    const acknowledged = facts.filter(({ worker }) => worker);
    expect(acknowledged.length).toBeGreaterThanOrEqual(enough);
    const store = await open();
    expect(await lossesOf(store, facts)).toEqual([]);
    await store.close();
  },
);

test.runIf(canRun(whyNoLimits()))(
  'after a disk that refused a write within a record, no later acknowledged write is lost',
  async () => {
    const facts = await spawnStore('fill-disk', path, ({ done }) => done === true);
    expect(facts.at(-1)).toEqual({ done: true });
    const refusing = facts.filter((fact) => fact.refusing);
    expect(refusing.map((fact) => fact.refusing?.ok)).toEqual([false, false]);
    expect(refusing[0]?.refusing?.lastError).toMatch(/too large/);
    const store = await open();
    expect(await lossesOf(store, facts)).toEqual([]);
    expect(store.counts()).toMatchObject({ deliveries: 73 });
    await store.close();
  },
);
