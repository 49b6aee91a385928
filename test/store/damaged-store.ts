import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { openStore } from '../../src/store/open-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { DAY, settledJob } from './records.ts';

/** A closed store with fifty outcomes and 200 flipped bytes in its log. */
export async function damagedStore(path: string): Promise<void> {
  const log = pino({ level: 'silent' });
  const store = await openStore({ path, clock: new ManualClock(), log, retention: 30 * DAY });
  for (let n = 1; n <= 50; n += 1) {
    store.settled.put(settledJob(n));
    await store.durable();
  }
  await store.close();
  const file = readdirSync(path).find((name) => name.endsWith('.log')) ?? '';
  const bytes = readFileSync(join(path, file));
  const middle = Math.floor(bytes.length / 2);
  for (let at = middle; at < middle + 200; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(join(path, file), bytes);
}

/** Each file of a folder with the digest of its content. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map(
      (name) =>
        `${name} ${createHash('sha256')
          .update(readFileSync(join(folder, name)))
          .digest('hex')}`,
    );
}
