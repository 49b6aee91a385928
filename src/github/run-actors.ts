import { type Clock, withinTimeout } from '../clock.ts';
import type { GitHub } from './github.ts';

/** The run of a job. */
export interface RunRef {
  owner: string;
  repository: string;
  runId: number;
}

/** Milliseconds for one request: a person waits for it. */
const PATIENCE = 5_000;
/** Milliseconds after which a question that failed is asked again. */
const ASK_AGAIN = 60_000;
const MOST_RUNS = 1_000;

interface Known {
  actor: Promise<string | null>;
  /** Epoch ms before which GitHub is not asked again. */
  until: number;
}

/**
 * Who started a run. GitHub is asked once for each run, and only when a person looks at one of its jobs. Nothing
 * depends on the answer, so it is missing while the rate limit is low or GitHub is out of reach.
 */
export class RunActors {
  readonly #github: Pick<GitHub, 'getRunActor'>;
  readonly #clock: Clock;
  /** The oldest question first. */
  readonly #known = new Map<string, Known>();

  constructor(github: Pick<GitHub, 'getRunActor'>, clock: Clock) {
    this.#github = github;
    this.#clock = clock;
  }

  /** The login; null while it is unknown. Never rejects. */
  async of(run: RunRef): Promise<string | null> {
    const key = `${run.owner}/${run.repository} ${run.runId}`;
    const known = this.#known.get(key);
    if (known && known.until > this.#clock.now()) return known.actor;
    const asked: Known = { actor: Promise.resolve(null), until: Number.POSITIVE_INFINITY };
    asked.actor = this.#ask(run).catch(() => {
      asked.until = this.#clock.now() + ASK_AGAIN;
      return null;
    });
    this.#known.delete(key);
    this.#known.set(key, asked);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_RUNS) break;
      this.#known.delete(oldest);
    }
    return asked.actor;
  }

  #ask({ owner, repository, runId }: RunRef): Promise<string | null> {
    return withinTimeout(this.#clock, PATIENCE, (signal) =>
      this.#github.getRunActor(owner, repository, runId, { signal }),
    );
  }
}
