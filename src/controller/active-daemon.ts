import type { Hono } from 'hono';
import type { Logger } from 'pino';
import type { JobObservation } from '../../machines/job/observation.ts';
import type { HookRef } from '../../machines/webhooks.ts';
import type { Clock } from '../clock.ts';
import type { ConfigChange } from '../config/changes/config-changes.ts';
import type { ReloadResult } from '../config/changes/reload-result.ts';
import type { Config } from '../config/schema.ts';
import { PendingCreates } from '../effects/pending-creates.ts';
import { RunnerSecrets } from '../effects/runner/runner-secrets.ts';
import { ConnectionPool } from '../guest/connection-pool.ts';
import { DaemonHealth } from '../health/daemon-health.ts';
import { createAdminApp } from '../http/admin/admin-app.ts';
import type { AdminSource } from '../http/admin/api/api-routes.ts';
import type { ControllerFigures } from '../http/admin/controller-metrics.ts';
import { liveSource } from '../http/admin/source/live-source.ts';
import { createPublicApp } from '../http/public-app.ts';
import { DeliveryLog } from '../intake/webhooks/delivery-log.ts';
import { InboxDrain } from '../intake/webhooks/inbox-drain.ts';
import { createWebhookReceiver } from '../intake/webhooks/webhook-receiver.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import type { Store } from '../store/store.ts';
import { watchClock } from '../upkeep/clock-watch.ts';
import { type ActivePart, createActivePart } from './active/active-part.ts';
import { finishedWithin } from './active/finished-within.ts';
import { type ConfigFile, ConfigReloads } from './config-reloads.ts';
import type { DisposeStack } from './dispose-stack.ts';
import { type Connections, connect } from './outside/connections.ts';
import type { Ports } from './outside/ports.ts';
import { watchJournal } from './watch-journal.ts';
import { webhookTerms } from './webhook-terms.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;
/**
 * Milliseconds in which creates and registrations under way may end before a reload. One that takes longer
 * goes on: a VM is waited for by the next part, and a registration whose result is lost costs a runner name.
 */
const CALLS_FOR = 2_000;

/**
 * Milliseconds between two looks into the inbox of deliveries. A notification by the database would be quicker, but a
 * connection that listens can be lost without a sign, and poolers pass none on.
 */
const LOOK_INTO_INBOX = 500;

export interface ActiveDaemonOptions {
  config: Config;
  connections: Connections;
  store: Store;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** From where the config comes; without it no reload is possible. */
  configFile: ConfigFile | undefined;
  ports: Ports;
  /** For one of several controllers on a database. */
  replica?: {
    controllers: AdminSource['controllers'];
    figures(): ControllerFigures;
    /** What the journal tells of the take-over. */
    tookOver: { controller: string; epoch: number; before: string };
  };
}

export interface ActiveDaemon {
  /** What its API shows. */
  source: AdminSource;
  publicApp: Hono;
  adminApp: Hono;
  /** Restores the jobs and begins to act. */
  start(): Promise<void>;
  /** Reads the config again and puts it in force, or refuses it with its problems. `by`: who ordered it. */
  reload(by: string): Promise<ReloadResult>;
  /** The config in force, and what was connected with it. */
  inForce(): { config: Config; connections: Connections };
  /**
   * Ends everything that acts: running jobs go on in their VMs, and their records stay. `callsFor`: milliseconds in
   * which creates and registrations under way may end.
   */
  stop(callsFor?: number): Promise<void>;
  /** Stops the actors at once, without a write: the records belong to another daemon. `stop` has to follow. */
  abandon(): void;
}

/**
 * Everything of a daemon that uses a store, from the receiver of webhooks to the page, and that lasts over reloads of
 * the config. All that acts is the active part. `disposal` releases it after `stop`.
 */
export async function createActiveDaemon(
  options: ActiveDaemonOptions,
  disposal: DisposeStack,
): Promise<ActiveDaemon> {
  const { config, connections, store, env, clock, log, ports, replica } = options;
  const journal = new JournalWriter(store.journal);
  const deliveries = new DeliveryLog(clock);
  const active = (): ActivePart => part;
  const health = new DaemonHealth({ active, journal, store, macUptime: ports.macUptime, clock, log });
  const watching = await watchJournal({
    ...{ active, journal, store, deliveries, clock, log },
    macUptime: ports.macUptime,
    config: () => reloads.inForce(),
    health: () => health.now(),
    controller: replica?.figures,
    tookOver: replica?.tookOver ?? {},
  });
  disposal.defer('what watches the journal', () => watching.stop());
  const creates = new PendingCreates(clock, () => active().config.timeouts.create_settle, store.sent);
  const memory = {
    secrets: new RunnerSecrets(),
    creates,
    guests: new ConnectionPool(ports.openGuest, clock),
  };
  disposal.defer('logins in guests', () => memory.guests.close());
  const { overview, versions } = watching;
  const lasting = {
    ...{ memory, store, journal, overview, versions, ports, clock, log },
    heardLast: watching.heardLast,
    health: () => health.now(),
  };
  let part = createActivePart({ ...lasting, config, connections, before: null });
  let begin = (_started: Promise<void>): void => undefined;
  let settled = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let isEnding = false;
  const reloads = new ConfigReloads({
    ...{ config, connections, journal, clock, log },
    file: options.configFile,
    connect: (next, before) => connect(next, { env, clock, log, ports, before }),
    whyNot: () => {
      if (isEnding) return 'The daemon is ending: its next start reads the config.';
      if (store.health().ok) return null;
      return 'The store cannot be written: reload the config when it can be written again.';
    },
    apply(next, connected, changes) {
      settled = replace(next, connected, changes);
      // Nothing acts any more: the process ends like after any unhandled error, and the next start goes on.
      settled.catch((error: unknown) => setImmediate(() => Promise.reject(error)));
      return settled;
    },
  });

  /** The active part ends and begins again with another config, as over a restart of the process. */
  async function replace(
    next: Config,
    connected: Connections,
    changes: readonly ConfigChange[],
  ): Promise<void> {
    const release = health.hold();
    try {
      const before = { part, changes };
      await part.stop(CALLS_FOR);
      await store.durable();
      if (isEnding) return;
      part = createActivePart({ ...lasting, config: next, connections: connected, before });
      if (changes.some(({ key }) => key === 'log.level')) log.level = next.log.level;
      await part.start();
    } finally {
      release();
    }
  }

  const source = liveSource({
    ...watching,
    ...{ active, store, journal, deliveries, health, clock },
    settled: () => settled,
    config: () => reloads.inForce(),
    controllers: replica?.controllers ?? (() => []),
    reload: (by) => reloads.reload(by),
  });
  const adminApp = createAdminApp({
    ...{ source, clock },
    tokens: () => active().config.admin,
    role: replica && 'active',
  });
  const handling = {
    takesJobs: () => active().takesJobs(),
    onNew: (seen: JobObservation) => active().dispatcher.observe(seen),
    onStored: (seen: JobObservation, hook: HookRef | null) => {
      if (active().takesJobs()) active().webhooks.delivered(seen, hook);
    },
  };
  const inbox = new InboxDrain({
    ...{ ...handling, store, clock, log },
    every: replica ? LOOK_INTO_INBOX : null,
  });
  const webhook = createWebhookReceiver({
    ...webhookTerms(() => active().config),
    configuredName: (id, now) => active().names.configuredName(id, now),
    store: store.deliveries,
    ...{ ...handling, clock, log },
  });

  return {
    source,
    publicApp: createPublicApp({
      webhook,
      watch: deliveries.watch,
      canStore: () => health.now().canStore,
    }),
    adminApp,
    async start() {
      begin(part.start());
      await settled;
      inbox.start();
      disposal.defer('the inbox of deliveries', () => inbox.stop());
      health.start();
      disposal.defer('the watch over its health', () => health.stop());
      disposal.defer('the watch over the clock', watchClock(clock, log));
    },
    reload: (by) => reloads.reload(by),
    inForce: () => reloads.current(),
    async stop(callsFor) {
      isEnding = true;
      await finishedWithin(clock, CLOSE_TIMEOUT, reloads.idle());
      await part.stop(callsFor);
    },
    abandon() {
      isEnding = true;
      store.abandon();
      part.abandon();
    },
  };
}
