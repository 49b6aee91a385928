import type { Logger } from 'pino';
import type { Hold } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { subjectOf } from '../../machines/job/subject.ts';
import type { Clock } from '../clock.ts';
import type { GitHub } from '../github/github.ts';
import type { HostCordons } from '../hosts/host-cordons.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { ImageRollouts } from '../images/image-rollouts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { vmOfJob } from '../jobs/vm-of-job.ts';
import type { HostEntries } from '../journal/entries/host-entries.ts';
import type { JournalWriter } from '../journal/journal-writer.ts';
import { orderWords } from '../journal/words/order-words.js';
import type { Store } from '../store/store.ts';
import type { Cordon } from '../store/tables/hosts/cordons.ts';
import type { CordonWatch } from './cordon-watch.ts';
import type { Dispatcher } from './dispatcher.ts';

/** An operator's order that cannot be carried out; the message says why and what to do instead. */
export class OrderRefused extends Error {
  override readonly name = 'OrderRefused';
  /** 404 for what does not exist, 409 for what is not possible now. */
  readonly status: 404 | 409;

  constructor(status: 404 | 409, message: string) {
    super(message);
    this.status = status;
  }
}

export interface OrdersOptions {
  actors: JobActors;
  hosts: Hosts;
  hostEntries: HostEntries;
  dispatcher: Dispatcher;
  cordons: Pick<HostCordons, 'window' | 'leftAt'>;
  cordonWatch: Pick<CordonWatch, 'look'>;
  store: Store;
  journal: JournalWriter;
  github: Pick<GitHub, 'getJob'>;
  rollouts: Pick<ImageRollouts, 'order'>;
  labels: readonly string[];
  /** The profile that matches a job's labels; null when no profile does. */
  profileFor(labels: string[]): string | null;
  clock: Clock;
  log: Logger;
}

const IMAGE_ORDERS = {
  try: 'operator.triedImage',
  spread: 'operator.spreadImage',
  back: 'operator.refusedImage',
} as const;

/**
 * What an operator may order. The journal and the log record who gave each order, also when it changes
 * nothing. The entry and the effect are one transaction.
 */
export class Orders {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /**
   * The job gets no (further) VM and its present one is deleted, unless the job already runs: law 5 has no
   * exception.
   */
  cancel(jobId: number, by: string): void {
    const { key, can } = this.#actorOf(jobId);
    const event: JobEvent = { type: 'operator.cancelled', by };
    if (!can(event)) {
      throw new OrderRefused(
        409,
        `Job ${jobId} runs in its VM: cancel it at GitHub, which then ends it here too.`,
      );
    }
    const { actors, store } = this.#options;
    store.atomically(() => {
      this.#write('operator.cancelled', key, jobId, null, by);
      actors.send(key, event);
    });
  }

  /**
   * Ends a record in whatever state it is: a job's by its id, or a VM's by its actor's key. Nothing is
   * deleted: what may remain of its VM and runner is left to the collector, which asks the guest first.
   * Returns the names of these.
   */
  forget(target: string, by: string): { vm: string | null; host: string | null; runner: string | null } {
    const { actors, store } = this.#options;
    const key = actors.snapshotOf(target) ? target : actors.holderOfJob(Number(target))?.key;
    const context = key === undefined ? null : (actors.snapshotOf(key)?.context ?? null);
    if (key === undefined || context === null) {
      throw new OrderRefused(
        404,
        `The daemon has no record of "${target}" that is not over: give the id of a job, or for a VM without a job the key of its record, which the page and the log show.`,
      );
    }
    store.atomically(() => {
      this.#write('operator.forgot', key, subjectOf(context).jobId, context.vm?.host ?? null, by);
      actors.send(key, { type: 'operator.forgot', by });
    });
    const { vm, runner } = context;
    return { vm: vm?.name ?? null, host: vm?.host ?? null, runner: runner?.name ?? null };
  }

  /**
   * Retries at once what waits for a retry; a job that was given up is served again when GitHub still has it
   * queued.
   */
  async retry(jobId: number, by: string): Promise<void> {
    const { actors, store, github, dispatcher, profileFor } = this.#options;
    if (actors.holderOfJob(jobId) !== null) {
      const { key, can } = this.#actorOf(jobId);
      if (!can({ type: 'operator.retried' })) {
        throw new OrderRefused(409, `Job ${jobId} does not wait for a retry: it is being worked on.`);
      }
      store.atomically(() => {
        this.#write('operator.retried', key, jobId, null, by);
        actors.send(key, { type: 'operator.retried' });
      });
      return dispatcher.requestScheduling();
    }
    const settled = await store.settled.get(jobId);
    if (!settled)
      throw new OrderRefused(
        404,
        `This daemon does not know job ${jobId}: check the id. "jeballto-runner jobs" lists those that it serves.`,
      );
    const seen = await github.getJob(settled.owner, settled.repository, jobId);
    if (seen?.status !== 'queued') {
      throw new OrderRefused(409, `Job ${jobId} is ${seen?.status ?? 'gone'} at GitHub: run it again there.`);
    }
    if (profileFor(seen.labels) === null) {
      const labels = seen.labels.map((label) => `"${label}"`).join(', ');
      const why = `no label of the config matches its runs-on [${labels}]`;
      throw new OrderRefused(
        409,
        `Job ${jobId} cannot be served: ${why}. Add the label and order the retry again.`,
      );
    }
    if (dispatcher.draining)
      throw new OrderRefused(
        409,
        'The daemon ends or reloads its config now and takes no order: order it again in a moment, or after its next start.',
      );
    store.atomically(() => {
      this.#write('operator.retried', String(jobId), jobId, null, by);
      dispatcher.serveAgain(jobId, settled.namesTaken ?? 0);
      dispatcher.observe(seen);
    });
  }

  /**
   * Holds the VM in which the job fails for `lasts` milliseconds; a VM that is held already is held for so long from now
   * on. Returns the present hold; null if it begins only when the job fails.
   */
  hold(jobId: number, by: string, lasts: number): Hold | null {
    const { actors, store } = this.#options;
    const found = this.#holdable(jobId);
    if (!actors.snapshotOf(found.key)?.can({ type: 'operator.held', by, lasts })) {
      throw new OrderRefused(
        409,
        `The VM of job ${jobId} is being deleted, so it cannot be held: order it earlier, or set hold_failed for its label.`,
      );
    }
    store.atomically(() => {
      this.#write('operator.held', found.key, jobId, found.host, by);
      actors.send(found.key, { type: 'operator.held', by, lasts });
    });
    const hold = actors.snapshotOf(found.key)?.context.hold ?? null;
    return hold?.ended === null ? hold : null;
  }

  /** Ends the hold of the job's VM, or takes back the order to hold it. */
  release(jobId: number, by: string): void {
    const { actors, store } = this.#options;
    const found = this.#holdable(jobId);
    if (!actors.snapshotOf(found.key)?.can({ type: 'operator.released', by }))
      throw new OrderRefused(409, `No VM of job ${jobId} is held, and none is to be held.`);
    store.atomically(() => {
      this.#write('operator.released', found.key, jobId, found.host, by);
      actors.send(found.key, { type: 'operator.released', by });
    });
  }

  /** The host gets no new job until the order is taken back, or until an instant (epoch ms). */
  cordon(host: string, by: string, until?: number): void {
    this.#order('operator.cordoned', host, by, this.#cordonOf(by, until));
  }

  /** The host gets jobs from now on, also for the rest of a maintenance window. */
  uncordon(host: string, by: string): void {
    const { cordons, clock } = this.#options;
    const window = cordons.window(host);
    const opened = window && {
      ...this.#cordonOf(by, window.until - clock.systemAheadBy()),
      opens: true as const,
    };
    this.#order('operator.uncordoned', host, by, opened);
  }

  /** Cordons the host, until an instant (epoch ms) if one is given, and moves jobs that do not run there yet. */
  drain(host: string, by: string, until?: number): void {
    const { dispatcher, store } = this.#options;
    store.atomically(() => {
      this.#order('operator.drained', host, by, this.#cordonOf(by, until));
      dispatcher.drainHost(host);
    });
  }

  /**
   * What becomes of the images of a label: the refused one is tried again, the next one is used everywhere, or the
   * one before is used again.
   */
  image(what: 'try' | 'spread' | 'back', label: string, by: string): void {
    const { rollouts, labels, store } = this.#options;
    if (!labels.includes(label)) throw new OrderRefused(404, `The config has no label "${label}".`);
    store.atomically(() => {
      const why = rollouts.order(what, label, by);
      if (why !== null) throw new OrderRefused(409, `${label}: ${why}`);
      this.#write(IMAGE_ORDERS[what], `image:${label}`, 0, null, by, { profile: label });
    });
  }

  collect(by: string): void {
    this.#write('operator.collected', 'collector', 0, null, by);
  }

  #cordonOf(by: string, until: number | undefined): Cordon {
    return { by, at: this.#options.clock.now(), ...(until !== undefined && { until }) };
  }

  #order(event: string, host: string, by: string, cordon: Cordon | null): void {
    const { hosts, hostEntries, store, cordons, cordonWatch, dispatcher } = this.#options;
    const snapshot = hosts.snapshotOf(host);
    if (!snapshot) throw new OrderRefused(404, `The config names no host "${host}".`);
    if (cordons.leftAt(host) !== null) {
      throw new OrderRefused(
        409,
        `A reload removed ${host} from the config, so it gets no jobs: add it to the config again, and reload.`,
      );
    }
    store.atomically(() => {
      store.cordons.put(host, cordon);
      this.#write(
        event,
        `host:${host}`,
        0,
        host,
        by,
        cordon?.until === undefined || cordon.opens ? {} : { until: cordon.until },
      );
      hostEntries.changed(host, snapshot, event);
    });
    cordonWatch.look();
    // A cordon ends the hold of a VM there.
    dispatcher.requestScheduling();
  }

  /** Returns the actor whose VM is held for the job, or else the actor of the job. */
  #holdable(jobId: number): { key: string; host: string | null } {
    const { actors } = this.#options;
    const vm = vmOfJob(actors, jobId);
    const key = vm?.key ?? actors.holderOfJob(jobId)?.key;
    if (key !== undefined) return { key, host: vm?.context.vm?.host ?? null };
    throw new OrderRefused(404, `No job ${jobId} is being served, and no VM is held for it.`);
  }

  #actorOf(jobId: number): { key: string; can(event: JobEvent): boolean } {
    const holder = this.#options.actors.holderOfJob(jobId);
    const found = [...this.#options.actors.all()].find(({ key }) => key === holder?.key);
    if (!found)
      throw new OrderRefused(
        404,
        `This daemon does not serve job ${jobId} now: it is over here, or the id is wrong. "jeballto-runner jobs" lists those that it serves.`,
      );
    return { key: found.key, can: (event) => found.snapshot.can(event) };
  }

  #write(
    event: string,
    actor: string,
    jobId: number,
    host: string | null,
    by: string,
    end: { until?: number; profile?: string } = {},
  ): void {
    const { clock, journal, log } = this.#options;
    const where = { actor, jobId, attempt: 0, host, from: '', to: '' };
    journal.write({ kind: 'order', at: clock.now(), event, ...where, detail: { by, ...end } });
    const about = { ...(jobId !== 0 && { job: jobId }), ...(host !== null && { host }), ...end };
    log.info({ event, by, ...about }, `${by} ordered: ${orderWords({ event, jobId, host, ...end })}`);
  }
}
