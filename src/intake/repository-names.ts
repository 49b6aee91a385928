import pMap from 'p-map';
import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import { type Clock, sleepFor } from '../clock.ts';
import type { GitHub } from '../github/github.ts';
import { Stop } from '../stop.ts';
import type { RepositoryIds } from '../store/tables/repository-ids.ts';

export interface RepositoryNamesOptions {
  github: Pick<GitHub, 'getRepository'>;
  ids: RepositoryIds;
  /** The repositories that the config names. */
  repositories: { owner: string; repository: string }[];
  clock: Clock;
  log: Logger;
  /** The names of the earlier config. */
  before?: RepositoryNames | null;
}

/** Milliseconds between two reads of the names. */
const INTERVAL = 5 * 60_000;
const REQUESTS_AT_ONCE = 5;

/** A repository that the config calls by an earlier name. */
export interface Renamed {
  from: string;
  to: string;
}

/**
 * Follows repositories that are renamed or moved while the config still has their old names. GitHub redirects
 * requests for an old name, and its deliveries have the new name: they are recognized by the repository's id.
 */
export class RepositoryNames {
  readonly #options: Omit<RepositoryNamesOptions, 'before'>;
  readonly #renamed = new Map<string, string>();
  readonly #stopped = new Stop();
  #running: Promise<void> = Promise.resolve();

  constructor({ before = null, ...options }: RepositoryNamesOptions) {
    this.#options = options;
    if (!before) return;
    for (const { owner, repository } of options.repositories) {
      const name = `${owner}/${repository}`;
      const renamed = before.#renamed.get(name);
      if (renamed !== undefined) this.#renamed.set(name, renamed);
    }
  }

  /** Reads the names at once and then every five minutes, until stopped. */
  start(): void {
    this.#running = this.#run();
  }

  /** Resolves when no read is under way. */
  stop(): Promise<void> {
    this.#stopped.abort();
    return this.#running;
  }

  /**
   * The name in the config of the repository with this id, when a delivery has another name; null when the
   * config has no such repository.
   */
  configuredName(id: number, now: string): { owner: string; repository: string } | null {
    const { ids, repositories } = this.#options;
    const known = repositories.find(({ owner, repository }) => ids.of(`${owner}/${repository}`) === id);
    if (!known) return null;
    this.#note(`${known.owner}/${known.repository}`, now);
    return known;
  }

  /** The present name of a repository, by its name in the config. */
  currentName(fullName: string): string {
    return this.#renamed.get(fullName) ?? fullName;
  }

  /** The repositories whose name in the config is no longer theirs. */
  renamed(): Renamed[] {
    return [...this.#renamed].map(([from, to]) => ({ from, to }));
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#learn();
      await sleepFor(clock, INTERVAL, signal).catch(() => undefined);
    }
  }

  async #learn(): Promise<void> {
    const { github, ids, repositories, log } = this.#options;
    const { signal } = this.#stopped;
    const learn = async ({ owner, repository }: { owner: string; repository: string }) => {
      const name = `${owner}/${repository}`;
      try {
        const { id, fullName } = await github.getRepository(owner, repository, { signal });
        ids.put(name, id);
        this.#note(name, fullName);
      } catch (error) {
        if (signal.aborted) return;
        const failure = failureOf(error);
        log.info(
          { repository: name, failure },
          `the present name of ${name} could not be read: ${failure.message}`,
        );
      }
    };
    await pMap(repositories, learn, { concurrency: REQUESTS_AT_ONCE });
  }

  #note(from: string, to: string): void {
    const { log } = this.#options;
    const isSame = from.toLowerCase() === to.toLowerCase();
    if (isSame) this.#renamed.delete(from);
    else if (this.#renamed.get(from) !== to) {
      this.#renamed.set(from, to);
      log.warn({ repository: from, renamed: to }, renamedWords({ from, to }));
    }
  }
}

/** For a person: what was found, and how to fix it. */
export function renamedWords({ from, to }: Renamed): string {
  return `The repository ${from} is now called ${to}. Its jobs are still served; change the name in the config, since somebody else can take the old name at GitHub.`;
}
