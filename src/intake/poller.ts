import type { Logger } from 'pino';
import { type Failure, failureOf } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import type { GitHub } from '../github/github.ts';
import type { PurposeBudget, RateSeen } from '../github/rate-limit.ts';
import type { JobObservation } from './job-observation.ts';
import { JobRechecks } from './job-rechecks.ts';
import { RepositorySweep } from './repository-sweep.ts';

export interface PollerOptions {
  github: Pick<
    GitHub,
    'budgets' | 'getJob' | 'listActiveRuns' | 'listRunJobs' | 'pollPausedUntil' | 'rateLimits'
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
  /** Epoch ms of the last cycle that came to its end, whatever it found. */
  lastLookAt: number | null;
  /** Milliseconds between two looks as things stand now. */
  pace: number;
  /** Epoch ms of the next look; null while one is under way. */
  nextLookAt: number | null;
  /** Epoch ms before which GitHub is left alone. */
  pausedUntil: number | null;
  /** What cannot be read at present, and since when (epoch ms). */
  outages: { what: string; since: number; failure: Failure }[];
  rateLimits: RateSeen[];
  /** What GitHub's budget still allows, by purpose. */
  budgets: PurposeBudget[];
}

/** Daemons started together must not ask together. */
const JITTER = 0.1;

/**
 * Looks at GitHub for what no webhook told: new jobs in the repositories, and the fate of every active job. It does
 * so in every mode, since webhooks get lost. Nothing it meets ends it.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #sweeps: { name: string; sweep: RepositorySweep }[];
  readonly #rechecks: JobRechecks;
  readonly #stopped = new AbortController();
  readonly #outages = new Map<string, { since: number; failure: Failure }>();
  #lastLookAt: number | null = null;
  #nextLookAt: number | null = null;
  #running: Promise<void> = Promise.resolve();
  #pause = new AbortController();

  constructor(options: PollerOptions) {
    this.#options = options;
    const { github, clock, recheckInterval: slowPace, onObservation } = options;
    this.#sweeps = options.repositories.map(({ owner, repository }) => ({
      name: `${owner}/${repository}`,
      sweep: new RepositorySweep({ github, owner, repository, clock, slowPace, onObservation }),
    }));
    this.#rechecks = new JobRechecks({ github, clock, onObservation });
  }

  /** Looks at once, and then at its pace. */
  start(): void {
    this.#running = this.#run();
  }

  /** Ends the pause between two looks, if there is one. */
  lookNow(): void {
    this.#pause.abort();
  }

  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#running;
  }

  health(): PollerHealth {
    const { github, clock, pace } = this.#options;
    return {
      lastLookAt: this.#lastLookAt,
      pace: pace(),
      nextLookAt: this.#nextLookAt,
      pausedUntil: github.pollPausedUntil(clock.now()),
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
      await this.#look(signal);
      const jitter = 1 + JITTER * (2 * random() - 1);
      const next = Math.max(clock.now() + pace() * jitter, github.pollPausedUntil(clock.now()) ?? 0);
      this.#nextLookAt = next;
      await clock.sleepUntil(next, AbortSignal.any([signal, this.#pause.signal])).catch(() => undefined);
      const paused = github.pollPausedUntil(clock.now());
      if (paused !== null) await clock.sleepUntil(paused, signal).catch(() => undefined);
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { activeJobs, clock, onLooked } = this.#options;
    const listed = new Set<number>();
    for (const { name, sweep } of this.#sweeps) {
      await this.#try(`the runs of ${name}`, async () => {
        for (const id of await sweep.look(signal)) listed.add(id);
      });
    }
    const unlisted = activeJobs().filter(({ id }) => !listed.has(id));
    await this.#try('active jobs', () => this.#rechecks.look(unlisted, signal));
    this.#lastLookAt = clock.now();
    onLooked();
  }

  /** One thing that cannot be read must not keep the others from being read; an outage is told of once. */
  async #try(what: string, look: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await look();
      if (this.#outages.delete(what)) log.info(`${what} can be read again`);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const failure = failureOf(error);
      const known = this.#outages.get(what);
      this.#outages.set(what, { since: known?.since ?? clock.now(), failure });
      if (known?.failure.code !== failure.code)
        log.warn({ failure }, `cannot read ${what}: ${failure.message}`);
    }
  }
}
