import { Hono } from 'hono';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { guard } from '../../http/admin/guard.ts';
import { createPublicApp } from '../../http/public-app.ts';
import { DeliveryLog } from '../../intake/webhooks/delivery-log.ts';
import { createWebhookReceiver } from '../../intake/webhooks/webhook-receiver.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import { servedScopes } from '../served-scopes.ts';

export interface StandbyOptions {
  /** The config in force. */
  config(): Config;
  database: Pick<SharedDatabase, 'inbox' | 'reader'>;
  /** On the database's time. */
  clock: Clock;
  log: Logger;
}

/** Milliseconds after which the ids of repositories are read again: they change when one is renamed. */
const IDS_AGAIN = 60_000;

const repositoryRow = z.object({ id: z.number() });

/**
 * What a controller serves while another one is active. It takes GitHub's deliveries like the active one, and puts
 * them into the inbox of the database.
 */
export class Standby {
  readonly publicApp: Hono;
  readonly adminApp: Hono;
  readonly #options: StandbyOptions;
  /** Epoch ms of the last write that succeeded. */
  #seenAt: number | null = null;
  /** Names of repositories in lower case, by GitHub's id, as the active controller learned them. */
  #names = new Map<number, string>();
  #namesAt = -Infinity;

  constructor(options: StandbyOptions) {
    this.#options = options;
    const { config, database, clock, log } = options;
    const webhook = createWebhookReceiver({
      secret: () => config().github.webhook_secret ?? null,
      allowed: () => {
        const { owner, repositories } = config().github;
        return { owner, repositories: repositories.length > 0 ? repositories : null };
      },
      configuredName: (id) => this.#configuredName(id),
      store: {
        remember(id, act, hook) {
          const observation = act();
          if (observation === null) return Promise.resolve('known');
          return database.inbox.keep(id, { at: clock.now(), observation, hook });
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
      canStore: () => this.#canStore(),
    });
    this.adminApp = new Hono();
    this.adminApp.use(guard(() => config().admin));
    this.adminApp.get('/healthz', (c) => c.json({ ok: this.#canStore(), role: 'standby' }));
    this.adminApp.get('/readyz', (c) => {
      const ready = this.#canStore();
      return c.json({ ready, degraded: !ready, role: 'standby' }, ready ? 200 : 503);
    });
    this.adminApp.notFound((c) =>
      c.json({ message: 'This controller is a standby: ask the active one.' }, 503),
    );
  }

  /** Has to be called after each write to the database that succeeded. */
  async seen(): Promise<void> {
    const { clock, database } = this.#options;
    this.#seenAt = clock.now();
    if (this.#seenAt - this.#namesAt < IDS_AGAIN) return;
    this.#namesAt = this.#seenAt;
    const names = new Map<number, string>();
    for await (const [name, text] of database.reader.rows('repositories', {})) {
      const { data } = repositoryRow.safeParse(JSON.parse(text));
      if (data) names.set(data.id, name);
    }
    this.#names = names;
  }

  #configuredName(id: number): { owner: string; repository: string } | null {
    const { repositories } = servedScopes(this.#options.config());
    const name = this.#names.get(id);
    return (
      repositories.find(({ owner, repository }) => `${owner}/${repository}`.toLowerCase() === name) ?? null
    );
  }

  #canStore(): boolean {
    const { clock, config } = this.#options;
    return this.#seenAt !== null && clock.now() - this.#seenAt < config().store.lease;
  }
}
