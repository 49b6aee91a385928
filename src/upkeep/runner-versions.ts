import type { Logger } from 'pino';
import type { RunnerScope } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import { day } from '../format.js';
import type { GitHub } from '../github/github.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { Stop } from '../stop.ts';

/** A version of the runner that the probe found in the image of a profile. */
export interface SeenVersion {
  profile: string;
  version: string;
  /** Epoch ms from which GitHub no longer accepts it; null when GitHub names no instant. */
  endsAt: number | null;
  /**
   * GitHub stops accepting it within weeks, or has stopped: the image has to be rebuilt with a current
   * version.
   */
  isEnding: boolean;
}

export interface RunnerVersionsOptions {
  github: Pick<GitHub, 'runnerEndsAt'>;
  /** A scope in which runners are registered; one is enough, since GitHub returns the same for all. */
  scope(): RunnerScope | undefined;
  journal: JournalWriter;
  clock: Clock;
  log: Logger;
}

/** Milliseconds for which a response is used: GitHub may move a version's end to an earlier date. */
const BELIEVED = 6 * 3_600_000;
/** Milliseconds before a version's end from which the daemon warns. */
const WARNED_BEFORE = 28 * 24 * 3_600_000;

/**
 * Asks GitHub until when it accepts the runner versions in the images, so that the operator knows it weeks
 * before jobs fail.
 */
export class RunnerVersions {
  readonly #options: RunnerVersionsOptions;
  readonly #seen = new Map<string, string>();
  readonly #ends = new Map<string, { askedAt: number; endsAt: number | null }>();
  readonly #said = new Set<string>();
  readonly #stopped = new Stop();
  readonly #unsubscribe: () => void;

  constructor(options: RunnerVersionsOptions) {
    this.#options = options;
    this.#unsubscribe = options.journal.subscribe(({ changed }) => {
      const { profile, runnerVersion } = changed?.vm ?? {};
      if (profile && runnerVersion) this.#note(profile, runnerVersion);
    });
  }

  stop(): void {
    this.#unsubscribe();
    this.#stopped.abort();
  }

  all(): SeenVersion[] {
    const now = this.#options.clock.now();
    return [...this.#seen].map(([profile, version]) => {
      const endsAt = this.#ends.get(version)?.endsAt ?? null;
      return { profile, version, endsAt, isEnding: endsAt !== null && now > endsAt - WARNED_BEFORE };
    });
  }

  /**
   * Epoch ms from which GitHub no longer accepts a version; null when GitHub names no instant, or while it is asked.
   */
  endsAt(version: string): number | null {
    this.#ask(version);
    return this.#ends.get(version)?.endsAt ?? null;
  }

  #note(profile: string, version: string): void {
    this.#seen.set(profile, version);
    this.#ask(version);
  }

  #ask(version: string): void {
    const { github, clock } = this.#options;
    const scope = this.#options.scope();
    const now = clock.now();
    const known = this.#ends.get(version);
    if (scope === undefined || (known && now - known.askedAt < BELIEVED)) {
      this.#warn();
      return;
    }
    // Stored before the response comes: many VMs are probed at the same time, and a failed request is not
    // repeated for each.
    this.#ends.set(version, { askedAt: now, endsAt: known?.endsAt ?? null });
    github.runnerEndsAt(scope, version, { signal: this.#stopped.signal }).then(
      (endsAt) => {
        this.#ends.set(version, { askedAt: now, endsAt });
        this.#warn();
      },
      () => undefined,
    );
  }

  #warn(): void {
    for (const { profile, version, endsAt, isEnding } of this.all()) {
      const about = `${profile} ${version}`;
      if (!isEnding || endsAt === null || this.#said.has(about)) continue;
      this.#said.add(about);
      this.#options.log.warn(
        { profile, version, endsAt: new Date(endsAt).toISOString() },
        `GitHub accepts runner version ${version} in the image of ${profile} until ${day(endsAt)}: build the image with a current runner`,
      );
    }
  }
}
