import type { Hono } from 'hono';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type Clock, sleepFor } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { createAdminApp } from '../../http/admin/admin-app.ts';
import { passOrdersOn } from '../../http/admin/api/orders/passed-on.ts';
import type { ControllerFigures } from '../../http/admin/controller-metrics.ts';
import type { SharedView } from '../../http/admin/source/shared-view.ts';
import {
  type SeenView,
  type StandbySourceOptions,
  standbySource,
} from '../../http/admin/source/standby-source.ts';
import { StandbyMetrics } from '../../http/admin/standby-metrics.ts';
import { createPublicApp } from '../../http/public-app.ts';
import { DeliveryLog } from '../../intake/webhooks/delivery-log.ts';
import { createWebhookReceiver } from '../../intake/webhooks/webhook-receiver.ts';
import { explainTrouble } from '../../store/postgres/trouble/explain-trouble.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import { SharedReads } from '../../store/shared/shared-reads.ts';
import { StoreError } from '../../store/store-error.ts';
import type { TakenDelivery } from '../../store/tables/deliveries/inbox.ts';
import { servedScopes } from '../served-scopes.ts';
import { webhookTerms } from '../webhook-terms.ts';
import { JournalFollower } from './journal-follower.ts';

export interface StandbyOptions {
  /** The config in force. */
  config(): Config;
  database: Pick<SharedDatabase, 'inbox' | 'reader' | 'orders' | 'shown'>;
  configInForce: StandbySourceOptions['config'];
  controllers: StandbySourceOptions['controllers'];
  reload: StandbySourceOptions['reload'];
  figures(): ControllerFigures;
  /** On the database's time. */
  clock: Clock;
  log: Logger;
}

/** Milliseconds between two looks at what the active controller shows. */
const LOOK_EVERY = 1_000;
/** Milliseconds after which the ids of repositories are read again: they change when one is renamed. */
const IDS_AGAIN = 60_000;

const repositoryRow = z.object({ id: z.number() });

/**
 * What a controller serves while another one is active. It takes GitHub's deliveries like the active one, and puts
 * them into the inbox of the database; orders become rows; all that it shows is read from there.
 */
export class Standby {
  readonly publicApp: Hono;
  readonly adminApp: Hono;
  readonly #options: StandbyOptions;
  /** Epoch ms of the last write that succeeded. */
  #seenAt: number | null = null;
  /** Why the last write failed, as a sentence; null when none did since the last one that succeeded. */
  #why: string | null = null;
  /**
   * The last delivery that could not be stored, while none was since. Until it is, no other is expected to be: the row
   * of this controller, which it writes again and again, needs no room on a full disk, but a delivery does.
   */
  #refused: { id: string; delivery: TakenDelivery; at: number; why: string } | null = null;
  /** Names of repositories in lower case, by GitHub's id, as the active controller learned them. */
  #names = new Map<number, string>();
  #namesAt = -Infinity;
  readonly #follower: JournalFollower;
  readonly #began: number;
  /** What the active controller showed last; it is parsed when somebody asks, and not every second. */
  #shown: { text: string; at: number } | null = null;
  #parsed: { text: string; view: SharedView } | null = null;
  #paused = new AbortController();

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.#began = options.clock.now();
    const { config, database, clock, log } = options;
    const webhook = createWebhookReceiver({
      ...webhookTerms(config),
      configuredName: (id) => this.#configuredName(id),
      store: {
        remember: (id, act, hook) => {
          const observation = act();
          if (observation === null) return Promise.resolve('known');
          return this.#keep(id, { at: clock.now(), observation, hook });
        },
      },
      takesJobs: () => false,
      onNew: () => undefined,
      onStored: () => undefined,
      ...{ clock, log },
    });
    this.publicApp = createPublicApp({
      webhook,
      watch: new DeliveryLog(clock).watch,
      canStore: () => this.#away() === null,
    });
    const reads = new SharedReads(database.reader, clock);
    this.#follower = new JournalFollower(reads.journal, clock);
    const metrics = new StandbyMetrics('jeballto_runner_', options.figures);
    const source = standbySource({
      ...{ reads, clock },
      recording: this.#follower,
      seen: () => this.#seen(),
      away: () => this.#away(),
      config: options.configInForce,
      controllers: options.controllers,
      reload: options.reload,
      metrics: () => metrics.text(),
    });
    this.adminApp = createAdminApp({
      ...{ source, clock },
      tokens: () => config().admin,
      role: 'standby',
      passOn: passOrdersOn(database.orders, clock),
    });
    this.resume();
  }

  /** Follows what the active controller does. */
  resume(): void {
    this.#paused = new AbortController();
    this.#follower.start();
    void this.#look(this.#paused.signal);
  }

  /** This controller becomes the active one. */
  pause(): void {
    this.#paused.abort();
    this.#follower.stop();
  }

  /** Has to be called after each write to the database that succeeded. */
  async seen(): Promise<void> {
    const { clock, database } = this.#options;
    this.#seenAt = clock.now();
    this.#why = null;
    // GitHub may send it once more: it is known then.
    if (this.#refused) await this.#keep(this.#refused.id, this.#refused.delivery).catch(() => undefined);
    if (this.#seenAt - this.#namesAt < IDS_AGAIN) return;
    this.#namesAt = this.#seenAt;
    const names = new Map<number, string>();
    for await (const [name, text] of database.reader.rows('repositories', {})) {
      const { data } = repositoryRow.safeParse(JSON.parse(text));
      if (data) names.set(data.id, name);
    }
    this.#names = names;
  }

  /** Has to be called after each write that failed. `why`: what failed and what to do, as a sentence. */
  unseen(why: string): void {
    this.#why = why;
  }

  async #keep(id: string, delivery: TakenDelivery): Promise<'stored' | 'known'> {
    const { clock, database } = this.#options;
    try {
      const outcome = await database.inbox.keep(id, delivery);
      this.#refused = null;
      return outcome;
    } catch (error) {
      const why = explainTrouble(error);
      this.#refused = { id, delivery, at: this.#refused?.at ?? clock.now(), why };
      throw new StoreError(why);
    }
  }

  #seen(): SeenView | null {
    if (this.#shown === null) return null;
    const { text, at } = this.#shown;
    if (this.#parsed?.text !== text) this.#parsed = { text, view: JSON.parse(text) as SharedView };
    return { view: this.#parsed.view, at };
  }

  /** Reads again and again what the active controller shows. While the database is away the last view stays. */
  async #look(signal: AbortSignal): Promise<void> {
    const { clock, database } = this.#options;
    while (!signal.aborted) {
      const shown = await database.shown.get().catch(() => null);
      if (shown) this.#shown = { text: shown.text, at: Math.round(clock.now() - shown.age) };
      await sleepFor(clock, LOOK_EVERY, signal).catch(() => undefined);
    }
  }

  #configuredName(id: number): { owner: string; repository: string } | null {
    const { repositories } = servedScopes(this.#options.config());
    const name = this.#names.get(id);
    return (
      repositories.find(({ owner, repository }) => `${owner}/${repository}`.toLowerCase() === name) ?? null
    );
  }

  /** Since when (epoch ms) and why no delivery can be stored; null while one can. */
  #away(): { since: number; why: string | null } | null {
    const { clock, config } = this.#options;
    const isSeen = this.#seenAt !== null && clock.now() - this.#seenAt < config().store.lease;
    if (!isSeen) return { since: this.#seenAt ?? this.#began, why: this.#why };
    return this.#refused && { since: this.#refused.at, why: this.#refused.why };
  }
}
