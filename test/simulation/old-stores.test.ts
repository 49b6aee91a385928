import { rmSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { launch, shutDown } from '../../src/simulator/agent/launch.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { openStore } from '../../src/store/open-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { copyStore, reopenStore } from './reopen-store.ts';
import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';
import type { StoredJob, StoredWorld } from './stored-world.ts';

// Stores of daemons of earlier commits, which were killed while they ran; each has a README.md.

const PATIENCE = { timeout: 300_000 };
const log = createLog({
  level: 'silent',
  format: 'json',
  secrets: [],
  destination: { write: () => undefined },
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function copied(commit: string) {
  const copy = copyStore(commit);
  folders.push(copy.folder);
  return copy;
}

const opened = (path: string, { at }: StoredWorld) =>
  openStore({
    path,
    retention: 24 * 3_600_000,
    log,
    clock: new ManualClock(at),
  });

/** A person who ordered here that a job is not served also cancels it at GitHub. */
function cancelUnwanted({ github }: SimulatedWorld, { unwanted }: StoredWorld): void {
  for (const id of unwanted) {
    const job = github.jobs.get(id);
    if (job && job.state.status !== 'completed') cancelRun(github, job.run);
  }
}

/**
 * How each job ends at GitHub when nothing is lost; `lost` are the runners whose process or guest is gone.
 */
function expectedEnds({ jobs, unwanted }: StoredWorld, lost: ReadonlySet<string | null>) {
  const endOf = ({ id, labels, status, conclusion, runner }: StoredJob) => {
    if (status === 'completed' || !labels.includes('self-hosted')) return conclusion;
    if (unwanted.includes(id)) return 'cancelled';
    return status === 'in_progress' && lost.has(runner) ? 'failure' : 'success';
  };
  return Object.fromEntries(jobs.map((job) => [job.name, endOf(job)]));
}

const ends = ({ github }: SimulatedWorld) =>
  Object.fromEntries([...github.jobs.values()].map(({ spec, state }) => [spec.name, state.conclusion]));

const CLEAN = { broken: [], left: [], namesTwice: [] };

/** What a store contains about jobs that ended, records in quarantine, and evidence of failures. */
async function memoryOf(folder: string, stored: StoredWorld) {
  const store = await opened(folder, stored);
  const ids = Object.keys(stored.settled);
  const settled = await Promise.all(ids.map(async (id) => (await store.settled.get(Number(id)))?.outcome));
  const quarantined = store.quarantine.keys().sort();
  const evidence = store.evidence.keys().map(({ jobId, attempt }) => `${jobId}-${attempt}`);
  await store.close();
  return { settled, quarantined, evidence };
}

/** The outcomes of today for those of earlier versions; `failed` jobs were given up, by an operator if `unwanted`. */
function outcomesNow({ settled, unwanted }: StoredWorld) {
  const now = { done: 'succeeded', taken: 'notOurs', cancelled: 'cancelled', failed: 'unknown' } as const;
  return Object.entries(settled).map(([id, outcome]) =>
    unwanted.includes(Number(id)) ? 'cancelled' : now[outcome],
  );
}

/** The same as before; more evidence may have been stored since. */
function expectedMemory(stored: StoredWorld) {
  const { quarantined, evidence } = stored;
  return {
    settled: outcomesNow(stored),
    quarantined: [...quarantined].sort(),
    evidence: expect.arrayContaining(evidence.map(({ job, attempt }) => `${job}-${attempt}`)),
  };
}

/** The Macs lose their power: no process on them is left. */
async function restartMacs({ macs }: SimulatedWorld): Promise<void> {
  for (const { agent } of macs.values()) {
    await shutDown(agent, 'crash');
    launch(agent);
  }
}

describe.each(['131a017'])('a store of %s', (commit) => {
  test('opens, and no record in it is unreadable', async () => {
    const { stored, folder } = copied(commit);
    const store = await opened(folder, stored);
    const { records, unreadable } = await store.actors.read();
    expect(unreadable).toEqual([]);
    expect(records.map(({ key }) => key).sort()).toEqual(Object.keys(stored.records).sort());
    const delivered = (await store.deliveries.pending()).map(({ observation }) => observation.jobId);
    expect(delivered).toEqual(expect.arrayContaining(stored.delivered));
    await store.close();
  });

  test('loses no job, leaves nothing and kills no build when the daemon goes on', PATIENCE, async () => {
    const { stored, folder } = copied(commit);
    const { world, ...found } = await reopenStore(stored, folder, (world) => cancelUnwanted(world, stored));
    expect({ broken: world.broken.all(), ...found }).toEqual(CLEAN);
    const processes = stored.macs.flatMap(({ vms }) => vms.map(({ runner }) => runner));
    const lost = processes.map((runner) => (runner?.does === 'lost' ? runner.name : null));
    expect(ends(world)).toEqual(expectedEnds(stored, new Set(lost)));
    const onCordoned = stored.cordoned.map((host) => world.macs.get(host)?.agent.vmsCreated);
    expect(onCordoned.every((vms) => vms === 0)).toBe(true);
    expect(await memoryOf(folder, stored)).toEqual(expectedMemory(stored));
  });

  test('has what was not running served by new VMs when the Macs have lost theirs', PATIENCE, async () => {
    const { stored, folder } = copied(commit);
    const { world, ...found } = await reopenStore(stored, folder, async (world) => {
      await restartMacs(world);
      cancelUnwanted(world, stored);
    });
    expect({ broken: world.broken.all(), ...found }).toEqual(CLEAN);
    const ours = stored.runners.map(({ name }) => name).filter(isOurs);
    expect(ends(world)).toEqual(expectedEnds(stored, new Set(ours)));
    expect(await memoryOf(folder, stored)).toEqual(expectedMemory(stored));
  });
});
