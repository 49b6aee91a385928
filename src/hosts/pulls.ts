import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import type { AgentClient } from '../agent/agent-client.ts';
import { pullImage } from '../agent/pull-image.ts';
import type { Clock } from '../clock.ts';
import { Stop } from '../stop.ts';

/** Milliseconds for which the agent is not asked again about a tag whose newest image the host had. */
const FRESH = 60_000;
/** Milliseconds after which jobs should not wait for a pull in a slot. */
export const QUICK = 5_000;

export interface PullsOptions {
  agent(host: string): AgentClient;
  clock: Clock;
  log: Logger;
  /** Milliseconds for one pull. */
  timeout: number;
  /** A pull has begun, has come further or has ended. */
  onChange(): void;
  /** Called with how a pull ended; `error` is null when the image is there, with this digest if the agent says it. */
  onEnd(image: string, error: unknown, digest: string | null): void;
  /** The pulls of the earlier config, which are stopped. */
  before?: Pulls | null;
  /** Whether this is the same Mac as in the earlier config. */
  isSameHost?(host: string): boolean;
}

/** An image on one host. */
export interface PullView {
  image: string;
  /** `missing`: not requested yet, or its last pull failed. */
  state: 'ready' | 'pulling' | 'missing';
  /** What the reference had when the host was last asked for it; null while that is not known. */
  digest: string | null;
  /** The progress of the pull, as a text for people. */
  progress: string | null;
  /** Epoch ms at which the pull began, or at which the host was seen to have the image. */
  since: number;
}

/**
 * One pull for each host and image, shared by everything that waits for it. It belongs to the host, and no
 * job holds a slot while it lasts. In memory, since the agent is asked again after a restart and responds at
 * once for an image that it has.
 */
export class Pulls {
  readonly #options: Omit<PullsOptions, 'before' | 'isSameHost'>;
  /** By host, then by image. */
  readonly #images = new Map<string, Map<string, PullView>>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #stopped = new Stop();

  constructor({ before = null, isSameHost = () => false, ...options }: PullsOptions) {
    this.#options = options;
    for (const [host, images] of before ? before.#images : []) {
      const ready = [...images].filter(([, { state }]) => state === 'ready');
      if (isSameHost(host)) this.#images.set(host, new Map(ready));
    }
  }

  stateOf(host: string, image: string): PullView['state'] {
    return this.#images.get(host)?.get(image)?.state ?? 'missing';
  }

  /**
   * Makes the host pull the image, or joins the pull under way. Resolves when the host has it, and rejects
   * with the pull's failure. A tag may have moved since it was pulled, so the agent is asked again now and
   * then.
   */
  ensure(host: string, image: string): Promise<void> {
    if (this.#isFresh(host, image)) return Promise.resolve();
    const key = `${host} ${image}`;
    const joined =
      this.#underWay.get(key) ?? this.#pull(host, image).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, joined);
    return joined;
  }

  /** All images of a host that were requested, for people. */
  view(host: string): PullView[] {
    return [...(this.#images.get(host)?.values() ?? [])];
  }

  /** The host may have lost its images. */
  forget(host: string): void {
    for (const [image, { state }] of this.#images.get(host) ?? []) {
      if (state === 'ready') this.#images.get(host)?.delete(image);
    }
  }

  /** Stops waiting; the agents go on with their pulls. */
  stop(): void {
    this.#stopped.abort();
  }

  #isFresh(host: string, image: string): boolean {
    const known = this.#images.get(host)?.get(image);
    if (known?.state !== 'ready') return false;
    return image.includes('@sha256:') || this.#options.clock.now() - known.since < FRESH;
  }

  async #pull(host: string, image: string): Promise<void> {
    const { agent, clock, log, timeout, onChange, onEnd } = this.#options;
    const { signal } = this.#stopped;
    const since = clock.now();
    const wasReady = this.stateOf(host, image) === 'ready';
    let digest = this.#images.get(host)?.get(image)?.digest ?? null;
    const note = (state: PullView['state'], progress: string | null) => {
      const images = this.#images.get(host) ?? new Map<string, PullView>();
      const at = state === 'ready' ? clock.now() : since;
      this.#images.set(host, images.set(image, { image, state, digest, progress, since: at }));
      onChange();
    };
    // A host that had the image a moment ago most probably still has it: jobs do not wait while the agent is
    // asked again.
    if (!wasReady) note('pulling', `pulling ${image}`);
    const onProgress = (text: string) => {
      if (clock.now() - since >= QUICK) note('pulling', text);
    };
    try {
      digest = await pullImage(agent(host), image, { clock, timeout, onProgress, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      note('missing', null);
      const failure = failureOf(error);
      log.warn({ host, image, failure }, `${host} cannot pull ${image}: ${failure.message}`);
      onEnd(image, error, null);
      throw error;
    }
    note('ready', null);
    onEnd(image, null, digest);
  }
}
