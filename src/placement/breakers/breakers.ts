import type { Logger } from 'pino';
import { type Actor, createActor, type SnapshotFrom } from 'xstate';
import {
  type BreakerAbout,
  type BreakerEvent,
  type BreakerMachine,
  type BreakerPolicy,
  type BreakerState,
  type BreakerView,
  createBreakerMachine,
} from '../../../machines/breaker.ts';
import { type Failure, failure } from '../../../machines/failure.ts';
import { type Job, type JobContext, NO_JOB, type RunnerScope } from '../../../machines/job/context.ts';
import type { JobSnapshot } from '../../../machines/job.ts';
import { statePath } from '../../../machines/state-path.ts';
import type { Clock } from '../../clock.ts';
import { counted, instant, span } from '../../format.js';
import { scopeName } from '../../github/runners/runner-scope.ts';
import type { SeenAttempt } from '../../images/note-attempt.ts';
import type { StateChange } from '../../journal/entries/webhook-and-breaker-entries.ts';
import { waitUntil } from '../../wait-until.ts';
import { type AttemptSeen, attemptEnded, type BreakerNews, breakerEvents } from './breaker-events.ts';
import { BreakerEvidence } from './breaker-evidence.ts';
import { breakerSubject } from './breaker-subject.ts';

export interface BreakersOptions {
  policies: Record<BreakerAbout, BreakerPolicy>;
  clock: Clock;
  log: Logger;
  /** Where a runner for a job is registered. */
  scopeOf(job: Pick<Job, 'owner' | 'repository'>): RunnerScope;
  /** Called when a breaker changed its state, so that it lets more or fewer attempts pass. */
  onChange(change: StateChange<BreakerState> & { detail: BreakerView }): void;
  /** Counts attempts for their images; true for one of an image on trial, whose failure is not the profile's. */
  noteImage?(seen: SeenAttempt): boolean;
}

/** Milliseconds for which a host may refuse to delete a VM of ours; then its slot counts as lost. */
const DELETION_PATIENCE = 10 * 60_000;

const GITHUB = { about: 'github', name: 'github' } as const;

/** Names the attempt whose trial an event begins or ends. */
const by = (key: string, event: BreakerEvent): BreakerEvent =>
  event.type === 'attempt.began' || event.type === 'attempt.ended' ? { ...event, by: key } : event;

type BreakerSnapshot = SnapshotFrom<BreakerMachine>;

/** A breaker by what it is about and its name. */
export interface BreakerRef {
  about: BreakerAbout;
  name: string;
}

/**
 * What is held back after failures, and on what evidence. It learns from the actors' transitions, from pulls
 * and from requests to GitHub; it is in memory only.
 */
export class Breakers {
  readonly #options: BreakersOptions;
  readonly #actors = new Map<string, BreakerRef & { actor: Actor<BreakerMachine> }>();
  #attempts = new Map<string, AttemptSeen>();
  #evidence = new BreakerEvidence();
  /** By scope, the latest jobs in a row whose runner got no job from GitHub. */
  #unused = new Map<string, Set<number>>();
  /** Actors whose host was already reported as not deleting their VM. */
  #undeleted = new Set<string>();
  /** The snapshots at `stop`: a new actor cannot start from the snapshot of a stopped one. */
  readonly #last = new Map<string, BreakerSnapshot>();

  constructor(options: BreakersOptions) {
    this.#options = options;
  }

  /**
   * Goes on from the breakers of the earlier config, which are stopped. A breaker for which `isSame` is false begins
   * closed: its name now stands for something else.
   */
  goOnFrom(before: Breakers, isSame: (breaker: BreakerRef) => boolean): void {
    this.#attempts = before.#attempts;
    this.#evidence = before.#evidence;
    this.#unused = before.#unused;
    this.#undeleted = before.#undeleted;
    for (const [key, { about, name }] of before.#actors) {
      const snapshot = before.#last.get(key);
      if (!snapshot) continue;
      const from = statePath(snapshot.value);
      if (isSame({ about, name })) this.#of(about, name, snapshot);
      else if (from !== 'closed') {
        const detail = { about, name, ...snapshot.context, state: 'closed' as const };
        this.#options.onChange({ event: { type: 'config.reloaded' }, from, to: 'closed', detail });
      }
    }
  }

  /** Has to be called with every transition of a job's actor. */
  jobChanged(key: string, snapshot: JobSnapshot): void {
    const isOver = snapshot.status === 'done';
    const context = isOver ? { ...snapshot.context, vm: null } : snapshot.context;
    const before = this.#attempts.get(key) ?? null;
    const scope = this.#scopeOf(context);
    const isLeaving = snapshot.hasTag('leaving');
    const stage = {
      // A runner that never came online is retired like one that was.
      isUp: snapshot.hasTag('provisioned') && !isLeaving,
      isLeaving,
      isDoubted: scope !== null && this.#assignsNothing(scope),
    };
    const { seen, events } = breakerEvents(before, context, stage, scope);
    this.#noteUnused(before, seen, snapshot);
    if (seen === null) this.#attempts.delete(key);
    else this.#attempts.set(key, seen);
    for (const news of events) this.#tell(key, news, seen);
    this.#lookAtDeletion(key, snapshot);
  }

  /** An actor is gone without a final state: its attempt shows nothing. */
  jobGone(key: string): void {
    const seen = this.#attempts.get(key);
    this.#attempts.delete(key);
    this.#undeleted.delete(key);
    for (const { event, ...ref } of attemptEnded(seen ?? null)) this.tell(ref, by(key, event));
  }

  /** Reports a finding that does not come from an attempt. */
  tell({ about, name }: BreakerRef, event: BreakerEvent): void {
    // What never failed needs no breaker.
    if (event.type !== 'attempt.failed' && !this.#actors.has(`${about} ${name}`)) return;
    this.#of(about, name).send(event);
  }

  /** Attempts that may start at `<about> <name>` now: as many as there is room for, one trial, or none. */
  room(gate: string): number {
    const snapshot = this.#actors.get(gate)?.actor.getSnapshot();
    if (!snapshot || snapshot.hasTag('passes')) return Number.POSITIVE_INFINITY;
    return snapshot.hasTag('tries') ? 1 : 0;
  }

  /**
   * Epoch ms since which attempts may try what was held back at `<about> <name>`; 0 when nothing is held
   * back.
   */
  triedSince(gate: string): number {
    const snapshot = this.#actors.get(gate)?.actor.getSnapshot();
    return !snapshot || snapshot.hasTag('passes') ? 0 : snapshot.context.retryAt;
  }

  /** How many jobs in a row had a runner of this scope that got no job from GitHub. */
  unusedIn(scope: string): number {
    return this.#unused.get(scope)?.size ?? 0;
  }

  /** The number of the profile's last result on the host: the higher, the later; 0 when it has none. */
  lastResult(host: string, profile: string): number {
    return this.#evidence.lastResult(host, profile);
  }

  /** The breakers that are not closed. */
  troubled(): BreakerView[] {
    return [...this.#actors.values()].flatMap(({ about, name, actor }) => {
      const snapshot = actor.getSnapshot();
      const { value, context } = snapshot;
      return snapshot.hasTag('passes') ? [] : [{ about, name, state: statePath(value), ...context }];
    });
  }

  stop(): void {
    for (const [key, { actor }] of this.#actors) {
      this.#last.set(key, actor.getPersistedSnapshot() as BreakerSnapshot);
      actor.stop();
    }
  }

  #scopeOf({ job, runner }: JobContext): string | null {
    if (runner !== null) return scopeName(runner.scope);
    return job.id === NO_JOB ? null : scopeName(this.#options.scopeOf(job));
  }

  #tell(key: string, { about, name, event: what }: BreakerNews, seen: AttemptSeen | null): void {
    const event = by(key, what);
    if (about !== 'pair' || seen === null) {
      this.tell({ about, name }, event);
      return;
    }
    if (this.#isOfTrial(seen, event)) {
      this.tell({ about, name }, by(key, { type: 'attempt.ended' }));
      return;
    }
    const { host, profile } = seen;
    if (event.type === 'attempt.failed') {
      this.#evidence.note(host, profile, true);
      const compared = this.#evidence.comparedWith(host, profile);
      const { message } = event.failure;
      this.tell(
        { about, name },
        { ...event, failure: { ...event.failure, message: `${message} Compared: ${compared}.` } },
      );
      if (this.#evidence.speaksAgainstHost(host)) this.tell({ about: 'host', name: host }, event);
      if (this.#evidence.speaksAgainstProfile(profile)) this.tell({ about: 'profile', name: profile }, event);
    } else {
      if (event.type === 'attempt.served') this.#evidence.note(host, profile, false);
      this.tell({ about, name }, event);
    }
  }

  /** Whether it is a failure of an image on trial. It says nothing about the profile: its other VMs have the old image. */
  #isOfTrial({ host, profile, image, runnerVersion: runner }: AttemptSeen, event: BreakerEvent): boolean {
    const { noteImage } = this.#options;
    const failure = event.type === 'attempt.failed' ? event.failure : null;
    if (!noteImage || (failure === null && event.type !== 'attempt.served')) return false;
    // What an operator has to fix on the host is not the image's fault.
    if (failure?.blame === 'operator') return false;
    return noteImage({ host, profile, image, runner, failure: failure?.message ?? null }) && failure !== null;
  }

  /** One runner without a job may be its job's fault; two in a row, for two jobs, are the fault of GitHub. */
  #noteUnused(before: AttemptSeen | null, seen: AttemptSeen | null, snapshot: JobSnapshot): void {
    const { runner, job } = snapshot.context;
    if (runner === null) return;
    const scope = scopeName(runner.scope);
    // While its VM is removed, its record still says that the runner had a job; that was counted before.
    const isOver = before?.isLeaving && (seen?.isLeaving ?? true);
    // The guest may know first that a job runs, even one that no record has; of a short one only the end may be seen.
    const hadJob = job.status === 'in_progress' || job.takenBy?.runner === runner.name;
    if ((hadJob && !isOver) || snapshot.hasTag('atWork')) {
      if (this.#assignsNothing(scope)) this.tell(GITHUB, { type: 'attempt.served' });
      this.#unused.delete(scope);
    }
    const isUnused = seen?.failure?.code === 'RUNNER_UNUSED' && seen.failure !== before?.failure;
    if (!seen?.failure || !isUnused) return;
    const jobs = (this.#unused.get(scope) ?? new Set()).add(seen.jobId);
    this.#unused.set(scope, jobs);
    if (this.#assignsNothing(scope)) this.tell(GITHUB, { type: 'attempt.failed', failure: seen.failure });
  }

  #assignsNothing(scope: string): boolean {
    return this.unusedIn(scope) > 1;
  }

  #lookAtDeletion(key: string, snapshot: JobSnapshot): void {
    const { vm, phase } = snapshot.context;
    const isStuck =
      snapshot.status === 'active' &&
      snapshot.hasTag('tearingDown') &&
      snapshot.hasTag('holdsSlot') &&
      phase.lastFailure !== null &&
      phase.lastFailure.code !== 'HOST_MAINTENANCE' &&
      this.#options.clock.now() - phase.enteredAt >= DELETION_PATIENCE;
    if (!isStuck || vm === null) {
      this.#undeleted.delete(key);
      return;
    }
    if (this.#undeleted.has(key)) return;
    this.#undeleted.add(key);
    const cause: Failure = failure(
      'VM_BUSY',
      `${vm.host} has not deleted ${vm.name} for ${span(DELETION_PATIENCE)}: ${phase.lastFailure?.message}`,
    );
    this.tell({ about: 'host', name: vm.host }, { type: 'attempt.failed', failure: cause });
  }

  /** `snapshot`: where a new breaker goes on; closed without one. */
  #of(about: BreakerAbout, name: string, snapshot: BreakerSnapshot | null = null) {
    const key = `${about} ${name}`;
    const known = this.#actors.get(key);
    if (known) return known.actor;
    const { clock, log, onChange, policies } = this.#options;
    const machine = createBreakerMachine({ policy: policies[about], now: () => clock.now() }).provide({
      actors: { waitUntil: waitUntil(clock) },
    });
    let last: BreakerState = snapshot ? statePath(snapshot.value) : 'closed';
    const subject = breakerSubject({ about, name }).replace(/^The /, 'the ');
    const actor = createActor(machine, {
      id: key,
      ...(snapshot && { snapshot }),
      inspect: (inspected) => {
        if (inspected.type !== '@xstate.snapshot' || inspected.actorRef !== actor) return;
        const { value, context } = actor.getSnapshot();
        const [from, state] = [last, statePath(value)];
        if (state === from) return;
        last = state;
        const why = `${counted(context.failures, 'failure')} in a row (${context.lastFailure?.message}); one attempt tries it again at ${instant(context.retryAt)}`;
        if (state === 'open')
          log.warn({ [about]: name, failure: context.lastFailure }, `${subject} is held back: ${why}`);
        else log.info({ [about]: name, breaker: state }, `the breaker of ${subject} is ${state}`);
        onChange({ event: inspected.event, from, to: state, detail: { about, name, state, ...context } });
      },
    });
    actor.subscribe({
      error: (error) =>
        log.error(
          { [about]: name, err: error },
          `the breaker that holds back jobs while ${subject} is in trouble has failed itself: restart the daemon, which costs no running job, and report it`,
        ),
    });
    this.#actors.set(key, { about, name, actor });
    return actor.start();
  }
}
