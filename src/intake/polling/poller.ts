import pMap from 'p-map';
import type { Logger } from 'pino';
import { type Failure, failureOf } from '../../../machines/failure.ts';
import type { Job } from '../../../machines/job/context.ts';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { WebhooksState } from '../../../machines/webhooks.ts';
import type { Clock } from '../../clock.ts';
import { instant } from '../../format.js';
import type { PurposeBudget, RateSeen } from '../../github/access/rate-limit.ts';
import type { GitHub } from '../../github/github.ts';
import { Stop } from '../../stop.ts';
import { JobRechecks } from '../job-rechecks.ts';
import { RepositorySweep } from './repository-sweep.ts';

export interface PollerOptions {
  github: Pick<
    GitHub,
    'budgets' | 'getJob' | 'listActiveRuns' | 'listRunJobs' | 'now' | 'pausedUntil' | 'rateLimits'
  >;
  repositories: readonly { owner: string; repository: string }[];
  /** Milliseconds until the next look; called after each look. */
  pace(): number;
  /** Milliseconds between two looks at what hardly ever changes. */
  recheckInterval: number;
  clock: Clock;
  /** A random number in [0, 1). */
  random(): number;
  onObservation(observation: JobObservation): void;
  /** Called after each look, whatever it found. */
  onLooked(): void;
  /** Jobs that GitHub has not reported as completed. */
  activeJobs(): Job[];
  log: Logger;
  /** The poller of the earlier config, which is stopped: what it read is not read again. */
  before?: Poller | null;
}

export interface PollerHealth {
  /** Epoch ms of the last cycle that was not cut short. */
  lastLookAt: number | null;
  /** Milliseconds between two looks at present. */
  pace: number;
  /** Epoch ms of the next look for work; null while one is under way. */
  nextLookAt: number | null;
  /** Epoch ms before which the poller does not look for work. */
  pausedUntil: number | null;
  /**
   * Where GitHub's budget ended a cycle, and since when (epoch ms); the next look continues there. Null when
   * the last cycle was complete.
   */
  cutShort: { what: string; since: number } | null;
  /** Number of repositories that are polled. */
  repositories: number;
  /** What each cycle looks at, with the milliseconds since it was last read to its end; null before the first time. */
  looks: { what: string; age: number | null }[];
  /** The interval (ms) for which the present wait was planned, or the one before the look under way. */
  lastPace: number;
  /** Milliseconds that the last complete cycle took. */
  took: number;
  /** What cannot be read at present, and since when (epoch ms). */
  outages: { what: string; since: number; failure: Failure }[];
  rateLimits: RateSeen[];
  /** What GitHub's budget still allows, by purpose. */
  budgets: PurposeBudget[];
}

interface Sweep {
  /** Name of the repository. */
  name: string;
  sweep: RepositorySweep;
}

/**
 * One that hangs delays the others only when this many hang; GitHub asks clients to send few requests at
 * once.
 */
const REPOSITORIES_AT_ONCE = 3;

/** Spreads the polls of daemons that were started at the same time. */
const JITTER = 0.1;
/** The name of the look that reads jobs by their id; every other look is for the runs of one repository. */
export const ACTIVE_JOBS = 'active jobs';

/**
 * Asks GitHub for everything that no webhook reported: new jobs in the repositories, and the state of every
 * active job. It does so in every mode, since webhooks get lost. No failure ends it. A look that reaches its
 * floor of GitHub's budget stops there, and the next one that may run begins with what was not reached;
 * active jobs may be read for longer than new work.
 */
export class Poller {
  readonly #options: Omit<PollerOptions, 'before'>;
  readonly #sweeps: Sweep[];
  readonly #rechecks: JobRechecks;
  readonly #stopped = new Stop();
  readonly #outages = new Map<string, { since: number; failure: Failure }>();
  /** By what is looked at, epoch ms at which it was last read to its end. */
  readonly #readAt = new Map<string, number>();
  /** Milliseconds that the last complete cycle took. */
  #took = 0;
  #lastPace = 0;
  #lastLookAt: number | null = null;
  #cutShort: PollerHealth['cutShort'] = null;
  /** Index of the repository with which the next look begins. */
  #first = 0;
  #nextLookAt: number | null = null;
  #running: Promise<void> = Promise.resolve();
  #pause = new AbortController();

  constructor({ before = null, ...options }: PollerOptions) {
    this.#options = options;
    const { github, clock, pace, recheckInterval: slowPace, onObservation } = options;
    this.#sweeps = options.repositories.map(({ owner, repository }) => ({
      name: `${owner}/${repository}`,
      sweep: new RepositorySweep({ github, owner, repository, clock, slowPace, pace, onObservation }),
    }));
    this.#rechecks = new JobRechecks({ github, clock, onObservation });
    if (before) this.#goOnFrom(before);
  }

  #goOnFrom(before: Poller): void {
    this.#took = before.#took;
    this.#lastPace = before.#lastPace;
    this.#lastLookAt = before.#lastLookAt;
    for (const what of this.#looks()) {
      const [readAt, outage] = [before.#readAt.get(what), before.#outages.get(what)];
      if (readAt !== undefined) this.#readAt.set(what, readAt);
      if (outage !== undefined) this.#outages.set(what, outage);
    }
  }

  /** What each cycle looks at. */
  #looks(): string[] {
    return [...this.#sweeps.map(({ name }) => runsOf(name)), ACTIVE_JOBS];
  }

  /** Looks at once, and then at its interval. */
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
    const ageOf = (what: string) => {
      const at = this.#readAt.get(what);
      return at === undefined ? null : clock.now() - at;
    };
    return {
      lastLookAt: this.#lastLookAt,
      pace: pace(),
      nextLookAt: this.#nextLookAt,
      pausedUntil: github.pausedUntil('looking for work', clock.now()),
      cutShort: this.#cutShort,
      repositories: this.#options.repositories.length,
      looks: this.#looks().map((what) => ({ what, age: ageOf(what) })),
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
      // Other work may have used up the budget at any time: this is logged too, or the poller would pause
      // without an explanation.
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
    /** The looks that the budget did not allow. */
    const unread = new Set<Sweep>();
    const read = async (one: Sweep) => {
      // Once the budget has ended a look, no further look is started.
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
    // A look that hangs until its timeout does not show how long a cycle takes.
    if (stoppedAt === null && this.#outages.size === 0) this.#took = Math.max(0, clock.now() - began);
    onLooked();
  }

  /** Logs a pause once, with its end time, and logs its end once. */
  #noteEnd(stoppedAt: string | null): void {
    const { clock, github, log } = this.#options;
    const before = this.#cutShort;
    this.#cutShort = stoppedAt === null ? null : { what: stoppedAt, since: before?.since ?? clock.now() };
    if (stoppedAt === null) {
      if (before) log.info('the daemon polls GitHub again');
      return;
    }
    if (before) return;
    const until = github.pausedUntil('looking for work', clock.now());
    const time = until === null ? 'the next poll' : instant(until);
    log.warn(
      `the daemon does not poll GitHub until ${time}, because little of GitHub's rate limit is left; then it goes on with ${stoppedAt}`,
    );
  }

  /**
   * A failure of one look must not stop the others; an outage is logged once. Returns the name of the look
   * when the budget ended it, which is not an outage; otherwise null.
   */
  async #try(what: string, look: () => Promise<void>): Promise<string | null> {
    const { clock, log } = this.#options;
    try {
      await look();
      if (!this.#stopped.signal.aborted) this.#readAt.set(what, clock.now());
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
 * Returns the milliseconds between two looks at GitHub. While webhooks are trusted, polling is a backstop and is slow;
 * while they are doubted, polling replaces them. Before the first delivery each mode does what its name says.
 */
export function pollPace({ mode, interval, recheckInterval }: Paces, webhooks: WebhooksState): number {
  if (mode === 'poll') return interval;
  const slow = Math.max(interval, recheckInterval);
  if (webhooks === 'doubted') return Math.min(interval, recheckInterval);
  if (mode === 'webhook') return recheckInterval;
  return webhooks === 'silent' ? interval : slow;
}
