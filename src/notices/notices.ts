import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../clock.ts';
import { attentionOf } from '../journal/attention/attention.js';
import type { Overview, SeenJob } from '../journal/overview.js';
import { overviewAt, type Recording } from '../journal/recording.ts';
import { Stop } from '../stop.ts';
import type { Store } from '../store/store.ts';
import { Notifier } from './notifier.ts';
import type { Receiver } from './receiver.ts';

type Facts = Parameters<typeof attentionOf>[0];

export interface NoticesOptions {
  receivers: readonly Receiver[];
  /** The id of this controller. */
  controller: string;
  /** They are masked in every text. */
  secrets: readonly string[];
  /** The present facts, from which the page also decides what needs attention. */
  facts(): Pick<Facts, 'overview' | 'scopes' | 'unreadable' | 'runners'>;
  /** For each profile, since when its oldest queued job waits (epoch ms). */
  oldestWaits(): { profile: string; since: number }[];
  recording: Recording;
  store: Store;
  clock: Clock;
  log: Logger;
}

/** Milliseconds between two looks. */
const INTERVAL = 5_000;

/**
 * Tells the receivers of the config what needs attention. It looks at an interval of its own, and nothing that serves
 * jobs waits for it.
 */
export class Notices {
  readonly #options: NoticesOptions;
  readonly #notifiers: Notifier[];
  readonly #stopped = new Stop();
  #running: Promise<void> = Promise.resolve();

  constructor(options: NoticesOptions) {
    this.#options = options;
    const { receivers, ...shared } = options;
    this.#notifiers = receivers.map((receiver) => new Notifier({ ...shared, receiver }));
  }

  /** Begins to look. The first look reads from the journal the jobs that ended before this start. */
  start(): void {
    this.#options.store.notices.keepOnly(this.#notifiers.map(({ receiver }) => receiver.name));
    if (this.#notifiers.length > 0) this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all([this.#running, ...this.#notifiers.map((notifier) => notifier.stop())]);
  }

  /** Figures of each receiver since the start. */
  receivers(): ReturnType<Notifier['view']>[] {
    return this.#notifiers.map((notifier) => notifier.view());
  }

  async #run(): Promise<void> {
    const { recording, clock, log } = this.#options;
    const { signal } = this.#stopped;
    let before: SeenJob[] | null = null;
    let isBroken = false;
    while (!signal.aborted) {
      try {
        before ??= (await overviewAt(recording, null)).ended;
        this.#look(before);
        isBroken = false;
      } catch (error) {
        if (!isBroken)
          log.error(
            { err: error },
            'what needs attention could not be read for the notifications; it is tried again',
          );
        isBroken = true;
      }
      await sleepFor(clock, INTERVAL, signal).catch(() => undefined);
    }
  }

  #look(before: readonly SeenJob[]): void {
    const { facts, oldestWaits, clock } = this.#options;
    const now = clock.now();
    const { overview, ...others } = facts();
    const all = { ...overview, ended: [...overview.ended, ...stillEnded(before, overview)] };
    const waits = oldestWaits();
    for (const notifier of this.#notifiers) {
      const { oldestWait } = notifier.receiver;
      const longWaits = waits.filter(({ since }) => now - since >= oldestWait);
      notifier.look(attentionOf({ ...others, overview: all, longWaits, isSilent: false, now }));
    }
  }
}

/** The jobs that ended before this start and were not seen since. */
function stillEnded(before: readonly SeenJob[], { ended, jobs }: Overview): SeenJob[] {
  const seen = new Set([...ended, ...jobs.values()].map(({ jobId }) => jobId));
  return before.filter(({ jobId }) => !seen.has(jobId));
}
