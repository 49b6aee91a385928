import type { Logger } from 'pino';
import { type Actor, type AnyEventObject, createActor } from 'xstate';
import type { Job } from '../../machines/job/context.ts';
import { JOB_ACTOR } from '../../machines/job/effects.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { subjectOf } from '../../machines/job/subject.ts';
import type { JobMachine, JobSnapshot } from '../../machines/job.ts';
import { statePath } from '../../machines/state-path.ts';
import type { Clock } from '../clock.ts';
import type { EffectTrace } from '../effects/effect-tracer.ts';
import {
  changedParts,
  handoverEntry,
  settledEntry,
  transitionEntry,
} from '../journal/entries/transition-entry.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import type { Store } from '../store/store.ts';
import { leftoverOf } from '../store/tables/leftovers.ts';
import { ActorIndex } from './actor-index.ts';
import { type Holder, holderOf } from './holder.ts';
import { logTransition } from './log-transition.ts';
import { readSnapshot } from './records/read-snapshot.ts';
import { settledWithActor, settledWithoutActor } from './settled-job.ts';

export type JobActor = Actor<JobMachine>;

export interface JobActorsOptions {
  /** The job machine with its effects provided. */
  machine: JobMachine;
  store: Store;
  journal: JournalWriter;
  clock: Clock;
  log: Logger;
  /** Called after each transition, in the same synchronous step. */
  onTransition(key: string, snapshot: JobSnapshot): void;
  /** Called when an actor failed inside and is gone; `last` is its last snapshot, null when there was none yet. */
  onGone(key: string, last: JobSnapshot | null): void;
  /**
   * The config was reloaded, and this process has written every snapshot that is restored: neither the record
   * nor the journal needs it again.
   */
  isReload?: boolean;
}

interface Live {
  actor: JobActor;
  /**
   * The last snapshot that was put; XState returns the same object again for an event that changed nothing.
   */
  last: JobSnapshot | null;
  path: string;
  isRestored: boolean;
}

/**
 * The live job actors, each an independent root actor. Every transition is put into the store together with
 * its journal entry before any other code can run (law 1); a final state removes the record in the same way.
 */
export class JobActors {
  readonly #live = new Map<string, Live>();
  readonly #index = new ActorIndex();
  readonly #options: JobActorsOptions;
  #persisting = true;

  constructor(options: JobActorsOptions) {
    this.#options = options;
  }

  /** Starts a fresh actor for a job, under a key of its own. */
  create(job: Job): string {
    let key = String(job.id);
    const { actors } = this.#options.store;
    for (let n = 2; this.#live.has(key) || actors.has(key); n += 1) key = `${job.id}.${n}`;
    this.#start(key, createActor(this.#options.machine, { ...this.#identity(key), input: { job } }));
    return key;
  }

  /**
   * Makes an actor from a stored snapshot. Returns why it cannot be restored, or what starts it, and with it its
   * effects: until then nobody sees the actor.
   */
  restore(key: string, stored: unknown): { why: string } | { start(): void } {
    const { machine } = this.#options;
    const read = readSnapshot(machine, stored);
    if ('why' in read) return read;
    const { snapshot } = read;
    const actor = createActor(machine, {
      ...this.#identity(key),
      snapshot,
      input: { job: snapshot.context.job },
    });
    return { start: () => this.#start(key, actor, true) };
  }

  send(key: string, event: JobEvent): void {
    this.#live.get(key)?.actor.send(event);
  }

  /** Ends a job without an actor; most such jobs were never ours and have no story. */
  settle(job: Job, hasStory: boolean): void {
    const { store, journal, clock } = this.#options;
    const at = clock.now();
    store.atomically(() => {
      store.settled.put(settledWithoutActor(job, at));
      if (hasStory) journal.transition(settledEntry(job, at), true);
    });
  }

  /** Writes what an effect of an actor did to the journal. */
  noteEffect({ actor, effect, ...trace }: EffectTrace): void {
    const live = this.#live.get(actor);
    if (!live || !this.#persisting) return;
    const { context } = live.actor.getSnapshot();
    this.#options.journal.write({
      kind: 'effect',
      at: this.#options.clock.now(),
      actor,
      ...subjectOf(context),
      host: context.vm?.host ?? null,
      event: effect,
      from: live.path,
      to: live.path,
      detail: { ...trace },
    });
  }

  /** All live actors with their present snapshot, oldest first. */
  *all(): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    for (const [key, { actor }] of this.#live) yield { key, snapshot: actor.getSnapshot() };
  }

  snapshotOf(key: string): JobSnapshot | null {
    return this.#live.get(key)?.actor.getSnapshot() ?? null;
  }

  /** Actors in the state `queued`, in no order. */
  inQueue(): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    return this.#snapshotsOf(this.#index.queued);
  }

  /** Actors that hold a slot of a host for no job yet. */
  placeholders(): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    return this.#snapshotsOf(this.#index.placeholders);
  }

  /** Actors whose VM is held for a person, or is to be held. */
  held(): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    return this.#snapshotsOf(this.#index.held);
  }

  /** Actors whose VM is not usable yet. */
  making(): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    return this.#snapshotsOf(this.#index.making);
  }

  /** Names of our VMs that use a slot of a host, or will as soon as the agent shows them. */
  slotsOn(host: string): ReadonlySet<string> {
    return this.#index.slotsOn(host);
  }

  /** The highest number that the names of a live actor may have for this job id; 0 when there is none. */
  lastNumber(jobId: number): number {
    return this.#index.lastNumber(jobId);
  }

  get size(): number {
    return this.#live.size;
  }

  holderOfJob(jobId: number): Holder | null {
    return this.holder(this.#index.keyOfJob(jobId));
  }

  holderOfRunner(runnerName: string): Holder | null {
    return this.holder(this.#index.keyOfRunner(runnerName));
  }

  /** Ends persistence first, then the actors: the snapshot of a stopped actor must not replace the good one. */
  stop(): void {
    this.#persisting = false;
    for (const { actor } of this.#live.values()) actor.stop();
    this.#live.clear();
    this.#index.clear();
  }

  *#snapshotsOf(keys: Iterable<string>): IterableIterator<{ key: string; snapshot: JobSnapshot }> {
    for (const key of keys) {
      const live = this.#live.get(key);
      if (live) yield { key, snapshot: live.actor.getSnapshot() };
    }
  }

  holder(key: string | undefined): Holder | null {
    const live = key === undefined ? undefined : this.#live.get(key);
    if (key === undefined || !live) return null;
    return holderOf(key, live.actor.getSnapshot());
  }

  #start(key: string, actor: JobActor, restored = false): void {
    const { value } = actor.getSnapshot();
    const live = { actor, last: null, path: restored ? statePath(value) : '', isRestored: restored };
    this.#live.set(key, live);
    this.#index.note(key, actor.getSnapshot());
    actor.subscribe({ error: (error) => this.#quarantine(key, error) });
    actor.start();
  }

  /** Effects find the actor's key by its name in the actor system. */
  #identity(key: string) {
    return { id: key, systemId: JOB_ACTOR, inspect: this.#inspect(key) };
  }

  #inspect(key: string) {
    return (inspected: { type: string; actorRef: unknown; event?: unknown; snapshot?: unknown }) => {
      const live = this.#live.get(key);
      if (inspected.type !== '@xstate.snapshot' || !live || inspected.actorRef !== live.actor) return;
      this.#record(key, live, inspected.event as AnyEventObject, inspected.snapshot as JobSnapshot);
    };
  }

  #record(key: string, live: Live, event: AnyEventObject, snapshot: JobSnapshot): void {
    const { store, journal, clock, log, onTransition, isReload } = this.#options;
    if (!this.#persisting || snapshot === live.last || snapshot.status === 'error') return;
    if (isReload && live.isRestored && live.last === null && event.type === 'xstate.init') {
      live.last = snapshot;
      onTransition(key, snapshot);
      return;
    }
    const from = live.path;
    const before = live.last?.context ?? null;
    const changed = changedParts(before, snapshot.context);
    live.last = snapshot;
    live.path = statePath(snapshot.value);
    const { context } = snapshot;
    this.#index.note(key, snapshot.status === 'done' ? null : snapshot);
    const entry = transitionEntry(key, clock.now(), event, from, live.path, snapshot);

    const isOver = snapshot.status === 'done';
    store.atomically(() => {
      if (isOver) {
        store.actors.delete(key);
        if (snapshot.output) store.settled.put(settledWithActor(snapshot.output, context, clock.now()));
        const left = leftoverOf(context, clock.now());
        if (left) store.leftovers.put(left.key, left.leftover);
        this.#live.delete(key);
      } else {
        store.actors.put(key, {
          v: 1,
          machine: 'job',
          savedAt: clock.now(),
          snapshot: live.actor.getPersistedSnapshot(),
        });
      }
      const handover = before && handoverEntry(before, entry);
      if (handover) journal.write(handover);
      journal.transition({ ...entry, changed }, isOver);
    });
    logTransition(log, entry, context);
    onTransition(key, snapshot);
  }

  /**
   * An actor that failed inside is a fault of this program: its record is put in quarantine, and its VM is
   * left to the collector. XState keeps running what such an actor had invoked; this is ended here, since its
   * result would reach no actor.
   */
  #quarantine(key: string, error: unknown): void {
    const { store, journal, clock, log } = this.#options;
    const live = this.#live.get(key);
    this.#index.note(key, null);
    this.#live.delete(key);
    const reason = error instanceof Error ? error.message : String(error);
    const raw = live?.last ? { context: live.last.context, value: live.last.value } : null;
    store.atomically(() => {
      journal.write({
        kind: 'quarantine',
        at: clock.now(),
        actor: key,
        ...(live?.last ? subjectOf(live.last.context) : { jobId: 0, attempt: 0 }),
        host: live?.last?.context.vm?.host ?? null,
        event: 'machine.failed',
        from: live?.path ?? '',
        to: 'quarantine',
        detail: { reason },
      });
      journal.forget(key);
      store.quarantine.put(key, raw, reason);
    });
    log.error({ actor: key, reason }, `job ${key}: its state machine failed; the record is in quarantine`);
    for (const effect of Object.values(live?.last?.children ?? {}))
      if (effect?.getSnapshot().status === 'active') effect.send({ type: 'xstate.stop' });
    this.#options.onGone(key, live?.last ?? null);
  }
}
