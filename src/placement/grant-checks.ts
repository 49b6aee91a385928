import { type Failure, failureOf } from '../../machines/failure.ts';
import type { Job, RunnerScope } from '../../machines/job/context.ts';
import { endObservation, type JobObservation } from '../../machines/job/observation.ts';
import { type Clock, startTimeout } from '../clock.ts';
import { DaemonError } from '../errors.ts';
import { span } from '../format.js';
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
  /** Receives what GitHub said about a job. */
  observe(observation: JobObservation): void;
  /** The job's repository is gone. */
  onGone(jobId: number, failure: Failure): void;
  /** Called when something new was learned. */
  onChange(): void;
}

/** Something to ask GitHub before a VM is started. */
interface Question {
  name: string;
  /** The repository or the organization that a refusal concerns. */
  about: string;
  /** True when the response decides about the job. */
  ask(signal: AbortSignal): Promise<boolean>;
}

/** Milliseconds for which GitHub's statement that a job is queued is used without asking again. */
const FRESH = 10_000;
/** Milliseconds within which GitHub has to respond. */
const PATIENCE = 2_000;
/** Milliseconds after which a failed question is asked again. */
const ASK_AGAIN = 5_000;
/** Milliseconds for which a repository has to be gone before its jobs end. */
const GONE_FOR = 10 * 60_000;
/** GitHub itself ends a job that was queued for 24 hours; one more, since it is not exact. */
export const LONGEST_QUEUE = 25 * 3_600_000;

/**
 * Checks that come before a VM is started: that GitHub still has the job queued, and that runners may be
 * registered for its repository. Nothing waits for the responses: a job is granted a slot once they are
 * there.
 */
export class GrantChecks {
  readonly #options: GrantChecksOptions;
  /** By job id, epoch ms at which GitHub last said that it is queued. */
  readonly #queuedAt = new Map<number, number>();
  /** By question, epoch ms before which it is not asked again; Infinity while it is being asked. */
  readonly #asked = new Map<string, number>();
  /** By job id whose last runner got no job, epoch ms at which GitHub last said that its run goes on. */
  readonly #runGoesOnAt = new Map<number, number>();
  /** Ids of jobs that, when GitHub was last asked, were not queued, not ended, and not on a runner. */
  readonly #held = new Set<number>();
  /** By scope, epoch ms at which the right to register was last confirmed. */
  readonly #mayRegister = new Map<string, number>();
  /** By repository, epoch ms since which it is missing. */
  readonly #goneSince = new Map<string, number>();

  constructor(options: GrantChecksOptions) {
    this.#options = options;
  }

  /** Notes what GitHub said about a job. */
  observed({ jobId, status, runnerName, seenAt }: JobObservation): void {
    const last = this.#queuedAt.get(jobId) ?? 0;
    this.#queuedAt.delete(jobId);
    if (status === 'queued' || status === 'completed' || runnerName !== null) this.#held.delete(jobId);
    if (status === 'queued') this.#queuedAt.set(jobId, Math.max(seenAt, last));
    else this.#runGoesOnAt.delete(jobId);
    // Statements that are too old are dropped; the newest are at the end.
    for (const words of [this.#queuedAt, this.#runGoesOnAt]) {
      for (const [id, at] of words) {
        if (this.#isFresh(at)) break;
        words.delete(id);
      }
    }
  }

  /** The job has been queued so long that GitHub will not assign it to any runner. */
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

  /** Whether the job may have a VM. What is unknown is asked at GitHub; `no` after a question that failed. */
  ask(job: Job): 'yes' | 'asking' | 'no' {
    const scope = this.#options.scope(job.owner, job.repository);
    const [place, repository] = [scopeName(scope), repositoryOf(job)];
    const word = (job.runnersUnused > 0 ? this.#runGoesOnAt : this.#queuedAt).get(job.id) ?? -Infinity;
    // When GitHub refused something since then, it is checked again before another VM is started.
    const refusedUntil = (name: string) => this.#options.breakers.triedSince(`registration ${name}`);
    const isDoubted = place !== repository && word < refusedUntil(repository);
    const questions: Question[] = [];
    if (isDoubted || !this.#isFresh(word))
      questions.push({
        name: `job ${job.id}`,
        about: repository,
        ask: (signal) => this.#askForJob(job, signal),
      });
    if ((this.#mayRegister.get(place) ?? -1) < refusedUntil(place))
      questions.push({
        name: `registration ${place}`,
        about: place,
        ask: (signal) => this.#probe(scope, signal),
      });
    for (const question of questions) this.#ask(question, job.id);
    const isAwaited = questions.every(({ name }) => this.#asked.get(name) === Number.POSITIVE_INFINITY);
    return questions.length === 0 ? 'yes' : isAwaited ? 'asking' : 'no';
  }

  /** Epoch ms at which a failed question may be asked again; null when none failed. */
  nextAt(): number | null {
    const now = this.#options.clock.now();
    return soonest([...this.#asked.values()].filter((at) => at > now && at < Infinity));
  }

  #ask({ name, about, ask }: Question, jobId: number): void {
    const { clock, onChange } = this.#options;
    if ((this.#asked.get(name) ?? 0) > clock.now()) return;
    this.#asked.set(name, Number.POSITIVE_INFINITY);
    const timeout = startTimeout(clock, PATIENCE);
    ask(timeout.signal)
      .then((isSettled) => {
        if (isSettled) this.#asked.delete(name);
        else this.#asked.set(name, clock.now() + ASK_AGAIN);
      })
      .catch((error: unknown) => {
        this.#asked.set(name, clock.now() + ASK_AGAIN);
        this.#failed(about, jobId, timeout.signal.aborted ? tooSlow() : error);
      })
      .finally(() => {
        timeout.end();
        onChange();
      });
  }

  #isFresh(at: number): boolean {
    return this.#options.clock.now() - at <= FRESH;
  }

  /**
   * True when the response decides about the job: one that is held back, or that does not run anywhere yet,
   * is undecided.
   */
  async #askForJob(job: Job, signal: AbortSignal): Promise<boolean> {
    const { github, breakers, clock, observe } = this.#options;
    const { owner, repository, id, runId } = job;
    const seen = await github.getJob(owner, repository, id, { signal });
    // The run says only that the job is over; the job itself says how it ended and which runner had it.
    const isOpen = seen !== null && seen.status !== 'completed' && seen.runnerName === null;
    const mayBeOver = isOpen && job.runnersUnused > 0;
    const isOver = mayBeOver && (await github.isRunOver(owner, repository, runId, { signal }));
    if (mayBeOver && !isOver) {
      this.#runGoesOnAt.delete(id);
      this.#runGoesOnAt.set(id, clock.now());
    }
    this.#goneSince.delete(repositoryOf(job));
    // Only a registered runner shows that runners may be registered; that the repository is there, this does.
    if (scopeName(this.#options.scope(owner, repository)) !== repositoryOf(job))
      breakers.tell({ about: 'registration', name: repositoryOf(job) }, { type: 'attempt.served' });
    // GitHub may keep a job queued although its run is over: no runner will ever get it.
    if (seen && !isOver) observe({ ...seen, seenAt: clock.now() });
    else observe(endObservation(job, null, clock.now()));
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
    // The token is dropped: creating it needs the right that every registration needs, and registers no
    // runner.
    await this.#options.github.createRegistrationToken(scope, { signal });
    this.#mayRegister.set(scopeName(scope), this.#options.clock.now());
    return true;
  }

  /**
   * A refusal is a trouble of the repository or the organization that was asked about, and not of the other
   * repositories of its organization; no response is a trouble of GitHub as a whole.
   */
  #failed(name: string, jobId: number, error: unknown): void {
    const { breakers, onGone } = this.#options;
    const failure = failureOf(error);
    const isGone = failure.code === 'REPOSITORY_GONE';
    // A token that loses access to a repository for some minutes must not end that repository's jobs.
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

const repositoryOf = ({ owner, repository }: Pick<Job, 'owner' | 'repository'>): string =>
  `${owner}/${repository}`;

const tooSlow = () =>
  new DaemonError('GITHUB_UNREACHABLE', `GitHub did not answer within ${span(PATIENCE)}; it is tried again.`);
