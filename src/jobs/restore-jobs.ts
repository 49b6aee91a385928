import type { Logger } from 'pino';
import type { JobContext, RunnerScope } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import { type PendingCreates, registrationKey } from '../effects/pending-creates.ts';
import { counted } from '../format.js';
import { inPieces } from '../journal/in-pieces.ts';
import type { Store } from '../store/store.ts';
import type { ActorRecord } from '../store/tables/jobs/actor-records.ts';
import type { JobActors } from './job-actors.ts';
import { setBackRecord } from './records/set-back-record.ts';
import { numbersTaken, upgradeRecord } from './records/upgrade-record.ts';
import { reserveNumbers } from './reserve-numbers.ts';

export interface RestoreOptions {
  actors: JobActors;
  creates: PendingCreates;
  store: Store;
  clock: Clock;
  log: Logger;
  /** Milliseconds within which a create of the earlier process may still take effect. */
  settle: number;
  namePrefix: string;
  /** Where runners were registered whose records do not say it. */
  runnerScope: RunnerScope['kind'];
}

/**
 * Earlier versions used single numbers for a job, and which of them an exchanged VM has is not always known.
 */
const ABOVE_EARLIER = 1_000;

/**
 * Restores the stored jobs. A record that cannot be read is put in quarantine, and nothing is guessed; the
 * collector finds its VM by name and asks the guest before it deletes anything. With thousands of records, reading
 * them takes longer than the lease of a database may wait for its renewal, so it is done in pieces; the actors start
 * together after that, since one that runs may tell of the job of another.
 */
export async function restoreJobs({
  actors,
  creates,
  store,
  clock,
  log,
  settle,
  namePrefix,
  runnerScope,
}: RestoreOptions): Promise<void> {
  const { records, unreadable } = await store.actors.read();
  const setAside = (key: string, raw: unknown, reason: string) => {
    store.quarantine.put(key, raw, reason);
    log.error(
      { actor: key, reason },
      `job ${key}: its record is unreadable and was put in quarantine: ${reason}`,
    );
  };

  /** The system's clock was set back: another restart must begin from what is saved now. */
  const withoutFuture = (key: string, record: ActorRecord, upgraded: unknown) => {
    const ahead = record.savedAt - clock.now();
    if (ahead <= 0) return upgraded;
    const snapshot = setBackRecord(upgraded, ahead);
    store.actors.put(key, { ...record, savedAt: clock.now(), snapshot: snapshot as object });
    return snapshot;
  };

  for (const { key, raw, reason } of unreadable) setAside(key, raw, reason);
  for (const { record } of records) {
    for (const [jobId, number] of numbersTaken(record.snapshot, namePrefix)) {
      if (number > store.names.lastOf(jobId)) store.names.put(jobId, number, clock.now());
    }
  }
  const reserve = (jobId: number) => reserveNumbers({ store, actors, clock }, jobId, ABOVE_EARLIER);
  const restored: { start(): void }[] = [];
  for await (const { key, record } of inPieces(records)) {
    const upgraded = upgradeRecord(record.snapshot, { namePrefix, runnerScope, reserve });
    const snapshot = withoutFuture(key, record, upgraded);
    assumeCreatesUnknown(snapshot, creates, clock.now() + settle, upgraded !== record.snapshot);
    const read = actors.restore(key, snapshot);
    if ('why' in read) setAside(key, record, read.why);
    else restored.push(read);
  }
  for (const actor of restored) actor.start();
  if (records.length > 0)
    log.info(
      { jobs: actors.size },
      `${counted(actors.size, 'job goes', 'jobs go')} on in the state of the last run`,
    );
}

/**
 * The earlier process may have died between sending a create or a registration and storing its result. An
 * earlier version did not store that it was about to send one.
 */
function assumeCreatesUnknown(
  snapshot: unknown,
  creates: PendingCreates,
  until: number,
  isEarlier: boolean,
): void {
  const { vm, runner } = ((snapshot as { context?: Partial<JobContext> }).context ??
    {}) as Partial<JobContext>;
  const assume = (key: string, mayAppearUntil: number, wasSent: boolean) => {
    if (isEarlier || wasSent) creates.assumeUnknown(key, mayAppearUntil || until);
  };
  if (vm && vm.id === null) assume(vm.name, vm.mayAppearUntil, creates.sentAt(vm.name) !== null);
  if (runner && runner.id === null) {
    const key = registrationKey(runner.scope, runner.name);
    // Earlier versions stored a registration under the runner's name alone.
    const wasSent = creates.sentAt(key) !== null || creates.sentAt(runner.name) !== null;
    assume(key, runner.mayAppearUntil, wasSent);
  }
}
