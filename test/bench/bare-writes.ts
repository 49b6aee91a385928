import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { sleepFor, systemClock } from '../../src/clock.ts';
import { serveQuestions } from './child.ts';

// The time of a durable write alone: the least that a step with such a write can take.

serveQuestions({
  /** Milliseconds for one synced write of `bytes` bytes, with a pause before each as in a job's life. */
  async time({ bytes, count, pause }: { bytes: number; count: number; pause: number }) {
    const folder = await mkdtemp(join(tmpdir(), 'jeballto-bare-writes-'));
    const database = new Level<string, string>(folder);
    await database.open();
    let spent = 0;
    for (let n = 0; n < count; n += 1) {
      await sleepFor(systemClock, pause);
      const began = performance.now();
      // abstract-level's types do not know `sync`; classic-level obeys it.
      await database
        .batch()
        .put(String(n), 'x'.repeat(bytes))
        .write({ sync: true } as object);
      spent += performance.now() - began;
    }
    await database.close();
    await rm(folder, { recursive: true });
    return spent / count;
  },
});
