import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { systemClock } from '../../src/clock.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { createLog } from '../../src/log.ts';
import { openStore } from '../../src/store/open-store.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { NUMBERS } from '../support/numbers.ts';
import { serveQuestions } from './child.ts';
import { newJob } from './fill-store.ts';

// Actors, dispatcher and store as the daemon has them, with effects that never end: the cost of one
// transition while there are other jobs.

type Parts = Awaited<ReturnType<typeof compose>>;
let parts: Parts | null = null;
let nextId = 1;

serveQuestions({
  begin: async ({ storePath }: { storePath: string }) => {
    parts = await compose(storePath);
  },
  /** Returns milliseconds and CPU milliseconds of each transition, the durable write included. */
  cost: ({ count }: { count: number }) => parts && cost(parts, count),
});

async function compose(storePath: string) {
  const clock = systemClock;
  const log = createLog({ level: 'info', format: 'json', secrets: [] });
  const store = await openStore({ path: storePath, clock, log, retention: 24 * 3_600_000 });
  const { actors } = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh-bench' },
    effects: () => endlessEffects(),
    hosts: [],
    hostPolicy: { checkInterval: 1_000, lostAfter: 1_000 },
    profileFor: () => 'mac',
  });
  for (const { key, record } of (await store.actors.read()).records) {
    const read = actors.restore(key, record.snapshot);
    if ('start' in read) read.start();
  }
  await store.durable();
  return { actors, store, clock };
}

async function cost({ actors, store, clock }: Parts, count: number) {
  const times: number[] = [];
  const transition = async (change: () => void) => {
    const began = performance.now();
    change();
    await store.durable();
    times.push(performance.now() - began);
  };
  const before = process.cpuUsage();
  for (; times.length < count; nextId += 1) {
    let key = '';
    await transition(() => {
      key = actors.create(newJob(nextId, clock.now()));
    });
    await transition(() => actors.send(key, { type: 'slot.granted', host: 'elsewhere', numbers: NUMBERS }));
    await transition(() => actors.send(key, { type: 'job.completed', conclusion: 'cancelled', here: false }));
  }
  const { user, system } = process.cpuUsage(before);
  return { live: actors.size, times, cpu: (user + system) / 1000 / times.length };
}
