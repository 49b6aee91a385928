import { Hono } from 'hono';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import { guard } from '../../http/admin/guard.ts';
import { createPublicApp } from '../../http/public-app.ts';

export interface StandbyOptions {
  /** The config in force. */
  config(): Config;
  /** Milliseconds within which a write shows that the database can be written. */
  lease: number;
  clock: Clock;
}

/** What a controller serves while another one is active. */
export class Standby {
  readonly publicApp: Hono;
  readonly adminApp: Hono;
  readonly #options: StandbyOptions;
  /** Epoch ms of the last write that succeeded. */
  #seenAt: number | null = null;

  constructor(options: StandbyOptions) {
    this.#options = options;
    this.publicApp = createPublicApp({
      webhook: (c) => c.json({ message: 'This controller stands by.' }, 503),
      watch: (_c, next) => next(),
      canStore: () => this.#canStore(),
    });
    this.adminApp = new Hono();
    this.adminApp.use(guard(() => options.config().admin));
    this.adminApp.get('/healthz', (c) => c.json({ ok: this.#canStore(), role: 'standby' }));
    this.adminApp.get('/readyz', (c) => {
      const ready = this.#canStore();
      return c.json({ ready, degraded: !ready, role: 'standby' }, ready ? 200 : 503);
    });
    this.adminApp.notFound((c) => c.json({ message: 'This controller stands by.' }, 503));
  }

  /** Has to be called after each write to the database that succeeded. */
  seen(): void {
    this.#seenAt = this.#options.clock.now();
  }

  #canStore(): boolean {
    const { clock, lease } = this.#options;
    return this.#seenAt !== null && clock.now() - this.#seenAt < lease;
  }
}
