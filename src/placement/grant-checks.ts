import { type Failure, failureOf } from '../../machines/failure.ts';
import type { Job, RunnerScope } from '../../machines/job/context.ts';
import { endObservation, type JobObservation } from '../../machines/job/observation.ts';
import { type Clock, startTimeout } from '../clock.ts';
import { DaemonError } from '../errors.ts';
import type { GitHub } from '../github/github.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import { blamedBreaker } from './breakers/breaker-events.ts';
import type { Breakers } from './breakers/breakers.ts';
import { soonest } from './soonest.ts';

export interface GrantChecksOptions {
  github: Pick<GitHub, 'getJob' | 'isRunOver' | 'createRegistrationToken' | 'pausedUntil' | 'now'>;
  breakers: Breakers;
  clock: Clock;
  scope(owner: string, repository: string): RunnerScope;
  /** Takes what GitHub said of a job. */
  observe(observation: JobObservation): void;
  /** The job's repository is gone. */
  onGone(jobId: number, failure: Failure): void;
  /** Something was found out. */
  onChange(): void;
}

/** Milliseconds for which GitHub's word that a job is queued is believed without asking again. */
const FRESH = 10_000;
/** Milliseconds within which GitHub has to answer. */
const PATIENCE = 2_000;
/** Milliseconds after which a question that failed is asked again. */
const ASK_AGAIN = 5_000;
/** Milliseconds for which a repository has to be gone before its jobs end. */
const GONE_FOR = 10 * 60_000;
/** GitHub itself ends a job that was queued for 24 hours; one more, since it is not exact. */
export const LONGEST_QUEUE = 25 * 3_600_000;

/**
 * What has to be known before a VM is paid for: that GitHub still has the job queued, and that runners may be registered
 * where the job is. Nobody waits for the answers: a job is granted a slot when they are there.
 */
export class GrantChecks {
  readonly #options: GrantChecksOptions;
  /** By job id, epoch ms of GitHub's last word that it is queued. */
  readonly #queuedAt = new Map<number, number>();
  /** By question, epoch ms before which it is not asked again; Infinity while it is being asked. */
  readonly #asked = new Map<string, number>();
  /** By job id whose last runner got no job, epoch ms of GitHub's last word that its run goes on. */
  readonly #runGoesOnAt = new Map<number, number>();
  /** Ids of jobs that GitHub, when asked last, neither had queued nor ended nor had given to a runner. */
  readonly #held = new Set<number>();
  /** By scope, epoch ms at which the right to register was there. */
  readonly #mayRegister = new Map<string, number>();
  /** By scope, epoch ms since which its repository is not there. */
  readonly #goneSince = new Map<string, number>();

  constructor(options: GrantChecksOptions) {
    this.#options = options;
  }

  /** GitHub was heard of a job. */
  observed({ jobId, status, runnerName, seenAt }: JobObservation): void {
    const last = this.#queuedAt.get(jobId) ?? 0;
    this.#queuedAt.delete(jobId);
    if (status === 'queued' || status === 'completed' || runnerName !== null) this.#held.delete(jobId);
    if (status === 'queued') this.#queuedAt.set(jobId, Math.max(seenAt, last));
    else this.#runGoesOnAt.delete(jobId);
    // What is no longer believed says nothing: the last one heard of is at the end.
    for (const words of [this.#queuedAt, this.#runGoesOnAt]) {
      for (const [id, at] of words) {
        if (this.#isFresh(at)) break;
        words.delete(id);
      }
    }
  }

  /** GitHub keeps it queued and assigns it to nobody. */
  isTooOld({ queuedAt }: Job): boolean {
    return this.#options.github.now() - queuedAt > LONGEST_QUEUE;
  }

  /** GitHub itself does not let the job begin yet. */
  isHeld(jobId: number): boolean {
    return this.#held.has(jobId);
  }

  /** Epoch ms until which GitHub's budget has nothing left for new runners; null when it has. */
  pausedUntil(): number | null {
    const { github, clock } = this.#options;
    return github.pausedUntil('serving jobs', clock.now());
  }

  /** Whether the job may have a VM. What is not known is asked; `no` after a question that failed. */
  ask(job: Job): 'yes' | 'asking' | 'no' {
    const scope = this.#options.scope(job.owner, job.repository);
    const word = (job.runnersUnused > 0 ? this.#runGoesOnAt : this.#queuedAt).get(job.id);
    // What was refused since is probed again before another VM is paid for.
    const refusedUntil = this.#options.breakers.triedSince(`registration ${scopeName(scope)}`);
    const questions: [string, (signal: AbortSignal) => Promise<boolean>][] = [];
    if (word === undefined || !this.#isFresh(word))
      questions.push([`job ${job.id}`, (signal) => this.#askForJob(job, signal)]);
    if ((this.#mayRegister.get(scopeName(scope)) ?? -1) < refusedUntil)
      questions.push([`registration ${scopeName(scope)}`, (signal) => this.#probe(scope, signal)]);
    for (const [question, ask] of questions) this.#ask(question, scope, job.id, ask);
    const isAwaited = questions.every(([question]) => this.#asked.get(question) === Number.POSITIVE_INFINITY);
    return questions.length === 0 ? 'yes' : isAwaited ? 'asking' : 'no';
  }

  /** Epoch ms at which a question that failed may be asked again; null when none failed. */
  nextAt(): number | null {
    const now = this.#options.clock.now();
    return soonest([...this.#asked.values()].filter((at) => at > now && at < Infinity));
  }

  #ask(
    question: string,
    scope: RunnerScope,
    jobId: number,
    ask: (signal: AbortSignal) => Promise<boolean>,
  ): void {
    const { clock, onChange } = this.#options;
    if ((this.#asked.get(question) ?? 0) > clock.now()) return;
    this.#asked.set(question, Number.POSITIVE_INFINITY);
    const timeout = startTimeout(clock, PATIENCE);
    ask(timeout.signal)
      .then((isSettled) => {
        if (isSettled) this.#asked.delete(question);
        else this.#asked.set(question, clock.now() + ASK_AGAIN);
      })
      .catch((error: unknown) => {
        this.#asked.set(question, clock.now() + ASK_AGAIN);
        this.#failed(scope, jobId, timeout.signal.aborted ? tooSlow() : error);
      })
      .finally(() => {
        timeout.end();
        onChange();
      });
  }

  #isFresh(at: number): boolean {
    return this.#options.clock.now() - at <= FRESH;
  }

  /** Whether the answer says what becomes of the job: one that is held back, or that runs nowhere yet, does not. */
  async #askForJob(job: Job, signal: AbortSignal): Promise<boolean> {
    const { github, clock, observe } = this.#options;
    const { owner, repository, id, runId } = job;
    const seen = await github.getJob(owner, repository, id, { signal });
    const mayBeOver = seen !== null && job.runnersUnused > 0;
    const isOver = mayBeOver && (await github.isRunOver(owner, repository, runId, { signal }));
    if (mayBeOver && !isOver) {
      this.#runGoesOnAt.delete(id);
      this.#runGoesOnAt.set(id, clock.now());
    }
    this.#goneSince.delete(scopeName(this.#options.scope(owner, repository)));
    // GitHub may keep a job queued whose run is over: nobody will ever get it.
    if (seen && !isOver) observe({ ...seen, seenAt: clock.now() });
    else observe(endObservation(job, seen?.conclusion ?? null, clock.now()));
    const isDecided =
      seen === null ||
      isOver ||
      seen.status === 'queued' ||
      seen.status === 'completed' ||
      seen.runnerName !== null;
    if (isDecided) this.#held.delete(id);
    else this.#held.add(id);
    return isDecided;
  }

  async #probe(scope: RunnerScope, signal: AbortSignal): Promise<boolean> {
    // Its token is dropped: it needs the right that every registration needs, and registers nothing.
    await this.#options.github.createRegistrationToken(scope, { signal });
    this.#mayRegister.set(scopeName(scope), this.#options.clock.now());
    return true;
  }

  /** A question that a repository or an organization refuses is its own trouble; silence is all of GitHub's. */
  #failed(scope: RunnerScope, jobId: number, error: unknown): void {
    const { breakers, onGone } = this.#options;
    const failure = failureOf(error);
    const name = scopeName(scope);
    const isGone = failure.code === 'REPOSITORY_GONE';
    // A token that loses a repository for some minutes must not cost that repository its jobs.
    const goneSince = isGone ? (this.#goneSince.get(name) ?? this.#options.clock.now()) : null;
    if (goneSince !== null) this.#goneSince.set(name, goneSince);
    else if (failure.blame === 'github') this.#goneSince.delete(name);
    if (goneSince !== null && this.#options.clock.now() - goneSince >= GONE_FOR) onGone(jobId, failure);
    if (isGone || blamedBreaker(failure) === 'registration') {
      breakers.tell({ about: 'registration', name }, { type: 'attempt.failed', failure });
    } else if (failure.code !== 'GITHUB_RATE_LIMITED') {
      breakers.tell({ about: 'github', name: 'github' }, { type: 'attempt.failed', failure });
    }
  }
}

const tooSlow = () =>
  new DaemonError('GITHUB_UNREACHABLE', `GitHub did not answer within ${PATIENCE / 1000} s.`);
