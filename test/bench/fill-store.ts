import type { Job } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import type { Clock } from '../../src/clock.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { createLog } from '../../src/log.ts';
import { openStore, type StorePlace } from '../../src/store/open-store.ts';
import { type EndingEffects, endlessEffects } from '../support/endless-effects.ts';
import { NUMBERS } from '../support/numbers.ts';

/** The host of all jobs in the filled store. */
export const ELSEWHERE = 'elsewhere';
/** Jobs between two durable writes. */
const AT_ONCE = 500;
export const FIRST_JOB = 51_300_000_000;

/** Every effect succeeds at once, up to a running job whose end is never seen. */
const WELL: EndingEffects = {
  createVm: ({ vmName }) => ({ vmId: `id-of-${vmName}` }),
  startVm: () => ({ expiresAt: null }),
  connectGuest: () => ({
    address: { host: '127.0.0.1', port: 2222 },
    hostKey: 'n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=',
  }),
  probeGuest: () => ({ runnerVersion: '2.336.0' }),
  obtainRunnerConfig: () => ({ runnerId: 7, mode: 'jit' }),
  launchRunner: () => null,
  confirmOnline: () => ({ runnerId: 7 }),
  recheckJob: () => ({ status: 'completed', conclusion: 'success', here: true }),
  askGuest: () => ({ answer: 'notWorking' }),
  deregisterRunner: () => ({ answer: 'removed' }),
  deleteVm: () => null,
  removeRunner: () => null,
};

/** Puts `count` running jobs into a new store, with the machine and the store's own code. */
export async function fillStore(place: StorePlace, count: number, clock: Clock): Promise<void> {
  const log = createLog({ level: 'silent', format: 'json', secrets: [] });
  const store = await openStore({ ...place, clock, log, retention: 30 * 24 * 3_600_000 });
  const core = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: { ...DEFAULT_POLICY, namePrefix: 'gh-bench' },
    effects: () => endlessEffects(WELL),
    hosts: [],
    hostPolicy: { checkInterval: 1_000, lostAfter: 1_000 },
    profileFor: () => 'mac',
  });
  const { actors } = core;
  for (let n = 0; n < count; n += 1) {
    const key = actors.create(newJob(FIRST_JOB + n, clock.now()));
    actors.send(key, { type: 'slot.granted', host: ELSEWHERE, numbers: NUMBERS });
    // On a database a thread that is busy for too long loses the lease.
    if (n % AT_ONCE === 0) await store.durable();
  }
  for (;;) {
    await store.durable();
    const idle = [...actors.all()].filter(({ snapshot }) => !snapshot.matches({ running: 'busy' }));
    for (const { key, snapshot } of idle)
      if (snapshot.matches({ running: 'idle' })) actors.send(key, { type: 'job.started' });
    if (idle.length === 0) break;
  }
  core.stop();
  await store.close();
}

export function newJob(id: number, now: number): Job {
  return {
    id,
    runId: id,
    runAttempt: 1,
    owner: 'acme',
    repository: 'app',
    workflow: 'CI',
    name: 'build and test',
    url: `https://github.com/acme/app/actions/runs/${id}/job/${id}`,
    commit: '3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b',
    branch: 'main',
    labels: ['self-hosted', 'mac'],
    profile: 'mac',
    status: 'queued',
    conclusion: null,
    takenBy: null,
    queuedAt: now,
    attempt: 0,
    attemptsFailed: 0,
    runnersUnused: 0,
    vmsInVain: 0,
    lastFailure: null,
    notBefore: 0,
    holdOrder: null,
  };
}
