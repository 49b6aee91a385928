import pMap from 'p-map';
import type { Logger } from 'pino';
import { type Failure, failureOf } from '../../../machines/failure.ts';
import type { Job } from '../../../machines/job/context.ts';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { WebhooksState } from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import type { PurposeBudget, RateSeen } from '../../github/access/rate-limit.ts';
import type { GitHub } from '../../github/github.ts';
import { Stop } from '../../stop.ts';
import { Successes } from '../../successes.ts';
import { JobRechecks } from '../job-rechecks.ts';
import { RepositorySweep } from './repository-sweep.ts';

export interface PollerOptions {
  github: Pick<
    GitHub,
    'budgets' | 'getJob' | 'listActiveRuns' | 'listRunJobs' | 'now' | 'pausedUntil' | 'rateLimits'
  >;
  repositories: readonly { owner: string; repository: string }[];
  /** Milliseconds until the next look, asked for after each. */
  pace(): number;
  /** Milliseconds between two looks at what hardly changes. */
  recheckInterval: number;
  clock: Clock;
  /** In [0, 1). */
  random(): number;
  onObservation(observation: JobObservation): void;
  /** After each look, whatever it found. */
  onLooked(): void;
  /** Jobs that GitHub has not called completed yet. */
  activeJobs(): Job[];
  log: Logger;
}

export interface PollerHealth {
  /** Epoch ms of the last cycle that was not cut short, whatever it found. */
  lastLookAt: number | null;
  /** Milliseconds between two looks as things stand now. */
  pace: number;
  /** Epoch ms of the next look for work; null while one is under way. */
  nextLookAt: number | null;
  /** Epoch ms before which no work is looked for. */
  pausedUntil: number | null;
  /** Where the budget ended a cycle, and since when (epoch ms); it goes on there. Null when the last one was whole. */
  cutShort: { what: string; since: number } | null;
  /** How many are looked at. */
  repositories: number;
  /** What each cycle looks at, with the milliseconds since it was last read to its end; null before the first time. */
  looks: { what: string; age: number | null }[];
  /** The pace at which the present wait was planned, or the one before the look under way. */
  lastPace: number;
  /** Milliseconds that the last cycle took in which everything was read. */
  took: number;
  /** What cannot be read at present, and since when (epoch ms). */
  outages: { what: string; since: number; failure: Failure }[];
  rateLimits: RateSeen[];
  /** What GitHub's budget still allows, by purpose. */
  budgets: PurposeBudget[];
}

interface Sweep {
  /** Of the repository. */
  name: string;
  sweep: RepositorySweep;
}

/** One that hangs keeps the others waiting only when as many hang; GitHub asks for few requests at once. */
const REPOSITORIES_AT_ONCE = 3;

/** Daemons started together must not ask together. */
const JITTER = 0.1;
/** The look that asks for jobs by their id; all others are for the runs of a repository. */
export const ACTIVE_JOBS = 'active jobs';

/**
 * Looks at GitHub for what no webhook told: new jobs in the repositories, and the fate of every active job. It does
 * so in every mode, since webhooks get lost. Nothing it meets ends it. A look that meets its floor of GitHub's budget
 * stops there, and the next one that may begins with what was not reached; active jobs are asked about for longer.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #sweeps: Sweep[];
  readonly #rechecks: JobRechecks;
  readonly #stopped = new Stop();
  readonly #outages = new Map<string, { since: number; failure: Failure }>();
  readonly #read: Successes;
  /** Milliseconds that the last cycle took in which everything was read. */
  #took = 0;
  #lastPace = 0;
  #lastLookAt: number | null = null;
  #cutShort: PollerHealth['cutShort'] = null;
  /** Of the repository with which the next look begins. */
  #first = 0;
  #nextLookAt: number | null = null;
  #running: Promise<void> = Promise.resolve();
  #pause = new AbortController();

  constructor(options: PollerOptions) {
    this.#options = options;
    const { github, clock, pace, recheckInterval: slowPace, onObservation } = options;
    this.#read = new Successes(clock);
    this.#sweeps = options.repositories.map(({ owner, repository }) => ({
      name: `${owner}/${repository}`,
      sweep: new RepositorySweep({ github, owner, repository, clock, slowPace, pace, onObservation }),
    }));
    this.#rechecks = new JobRechecks({ github, clock, onObservation });
  }

  /** Looks at once, and then at its pace. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends the pause between two looks, if there is one. */
  pollNow(): void {
    this.#pause.abort();
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    this.#pause.abort();
    return this.#running;
  }

  health(): PollerHealth {
    const { github, clock, pace } = this.#options;
    return {
      lastLookAt: this.#lastLookAt,
      pace: pace(),
      nextLookAt: this.#nextLookAt,
      pausedUntil: github.pausedUntil('looking for work', clock.now()),
      cutShort: this.#cutShort,
      repositories: this.#options.repositories.length,
      looks: [...this.#sweeps.map(({ name }) => runsOf(name)), ACTIVE_JOBS].map((what) => ({
        what,
        age: this.#read.age(what),
      })),
      lastPace: this.#lastPace,
      took: this.#took,
      outages: [...this.#outages].map(([what, outage]) => ({ what, ...outage })),
      rateLimits: github.rateLimits(),
      budgets: github.budgets(clock.now()),
    };
  }

  async #run(): Promise<void> {
    const { clock, github, pace, random } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      this.#pause = new AbortController();
      this.#nextLookAt = null;
      await this.#poll(signal);
      this.#lastPace = pace();
      const jitter = 1 + JITTER * (2 * random() - 1);
      const now = clock.now();
      const next = now + this.#lastPace * jitter;
      this.#nextLookAt = Math.max(next, github.pausedUntil('looking for work', now) ?? 0);
      if (!signal.aborted) await clock.sleepUntil(next, this.#pause.signal).catch(() => undefined);
      const paused = github.pausedUntil('rechecks', clock.now());
      if (paused === null || signal.aborted) continue;
      // Whoever used the budget up, and when: a rest is told, or nobody knows why no work is looked for.
      const first = this.#sweeps[this.#first];
      this.#noteEnd(first ? runsOf(first.name) : ACTIVE_JOBS);
      this.#nextLookAt = paused;
      await clock.sleepUntil(paused, signal).catch(() => undefined);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { activeJobs, clock, onLooked } = this.#options;
    const listed = new Set<number>();
    const began = clock.now();
    const sweeps = this.#sweeps;
    const inTurn = [...sweeps.slice(this.#first), ...sweeps.slice(0, this.#first)];
    /** Those that the budget did not allow. */
    const unread = new Set<Sweep>();
    const read = async (one: Sweep) => {
      // Once the budget ended one, those after it are not begun.
      const stopped =
        unread.size > 0
          ? one.name
          : await this.#try(runsOf(one.name), async () => {
              for (const id of await one.sweep.run(signal)) listed.add(id);
            });
      if (stopped !== null) unread.add(one);
    };
    await pMap(inTurn, read, { concurrency: REPOSITORIES_AT_ONCE });
    const first = inTurn.find((one) => unread.has(one));
    if (first) this.#first = sweeps.indexOf(first);
    let stoppedAt = first ? runsOf(first.name) : null;
    const unlisted = activeJobs().filter(({ id }) => !listed.has(id));
    const unasked = await this.#try(ACTIVE_JOBS, () => this.#rechecks.run(unlisted, signal));
    stoppedAt ??= unasked;
    if (signal.aborted) return;
    this.#noteEnd(stoppedAt);
    if (stoppedAt === null) this.#lastLookAt = clock.now();
    // One that hangs until its timeout says nothing of how long a cycle takes.
    if (stoppedAt === null && this.#outages.size === 0) this.#took = Math.max(0, clock.now() - began);
    onLooked();
  }

  /** A pause is told of once, with its end, and so is its end. */
  #noteEnd(stoppedAt: string | null): void {
    const { clock, github, log } = this.#options;
    const before = this.#cutShort;
    this.#cutShort = stoppedAt === null ? null : { what: stoppedAt, since: before?.since ?? clock.now() };
    if (stoppedAt === null) {
      if (before) log.info('looking for work goes on');
      return;
    }
    if (before) return;
    const until = github.pausedUntil('looking for work', clock.now());
    const time = until === null ? 'the next look' : new Date(until).toISOString();
    log.warn(`looking for work rests until ${time}, before ${stoppedAt}: GitHub's budget is short`);
  }

  /**
   * One thing that cannot be read must not keep the others from being read; an outage is told of once. Answers what
   * it was where the budget ended the look, which is no outage.
   */
  async #try(what: string, look: () => Promise<void>): Promise<string | null> {
    const { clock, log } = this.#options;
    try {
      await look();
      if (!this.#stopped.signal.aborted) this.#read.note(what);
      if (this.#outages.delete(what)) log.info(`${what} can be read again`);
    } catch (error) {
      if (this.#stopped.signal.aborted) return null;
      const failure = failureOf(error);
      if (failure.code === 'GITHUB_RATE_LIMITED') return what;
      const known = this.#outages.get(what);
      this.#outages.set(what, { since: known?.since ?? clock.now(), failure });
      if (known?.failure.code !== failure.code)
        log.warn({ failure }, `cannot read ${what}: ${failure.message}`);
    }
    return null;
  }
}

const runsOf = (repository: string) => `the runs of ${repository}`;

export interface Paces {
  mode: 'poll' | 'webhook' | 'both';
  /** Milliseconds: `controller.poll_interval` and `controller.recheck_interval`. */
  interval: number;
  recheckInterval: number;
}

/**
 * Milliseconds between two looks at GitHub. While webhooks are trusted, looking is a backstop and goes slowly; while
 * they are doubted, it stands in for them. Before the first delivery each mode does what its name says.
 */
export function pollPace({ mode, interval, recheckInterval }: Paces, webhooks: WebhooksState): number {
  if (mode === 'poll') return interval;
  const slow = Math.max(interval, recheckInterval);
  if (webhooks === 'doubted') return Math.min(interval, recheckInterval);
  if (mode === 'webhook') return recheckInterval;
  return webhooks === 'silent' ? interval : slow;
}
