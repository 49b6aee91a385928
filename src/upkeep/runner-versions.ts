import type { Logger } from 'pino';
import type { RunnerScope } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import type { GitHub } from '../github/github.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { Stop } from '../stop.ts';

/** A version of the runner that the probe found in the image of a profile. */
export interface SeenVersion {
  profile: string;
  version: string;
  /** Epoch ms from which GitHub does not take it; null where GitHub names no such instant. */
  endsAt: number | null;
  /** It ends within weeks, or has ended: the image has to be built with a current one. */
  isEnding: boolean;
}

export interface RunnerVersionsOptions {
  github: Pick<GitHub, 'runnerEndsAt'>;
  /** Where runners are registered; one is enough, since GitHub answers the same everywhere. */
  scope: RunnerScope | undefined;
  journal: JournalWriter;
  clock: Clock;
  log: Logger;
}

/** Milliseconds for which an answer is believed: GitHub may put a version's end earlier. */
const BELIEVED = 6 * 3_600_000;
/** Milliseconds before its end in which a version is warned of. */
const WARNED_BEFORE = 28 * 24 * 3_600_000;

/** Asks GitHub how long it takes the runners that are in the images, weeks before jobs find out. */
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

  #note(profile: string, version: string): void {
    const { github, scope, clock } = this.#options;
    this.#seen.set(profile, version);
    const now = clock.now();
    const known = this.#ends.get(version);
    if (scope === undefined || (known && now - known.askedAt < BELIEVED)) {
      this.#warn();
      return;
    }
    // Kept before the answer comes: many VMs are probed at once, and a failed question is not repeated for each.
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
        `GitHub takes the runner ${version} in the image of ${profile} until ${new Date(endsAt).toISOString().slice(0, 10)}: build the image with a current one`,
      );
    }
  }
}
