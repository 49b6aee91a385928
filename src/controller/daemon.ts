import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { ConfigChange } from '../config/changes/config-changes.ts';
import type { ReloadResult } from '../config/changes/reload-result.ts';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import { PendingCreates } from '../effects/pending-creates.ts';
import { RunnerSecrets } from '../effects/runner/runner-secrets.ts';
import { ConnectionPool } from '../guest/connection-pool.ts';
import { DaemonHealth } from '../health/daemon-health.ts';
import { createAdminApp } from '../http/admin/admin-app.ts';
import { liveSource } from '../http/admin/source/live-source.ts';
import { createPublicApp } from '../http/public-app.ts';
import { DeliveryLog } from '../intake/webhooks/delivery-log.ts';
import { createWebhookReceiver } from '../intake/webhooks/webhook-receiver.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { watchClock } from '../upkeep/clock-watch.ts';
import { type ActivePart, createActivePart } from './active/active-part.ts';
import { finishedWithin } from './active/finished-within.ts';
import { type ConfigFile, ConfigReloads } from './config-reloads.ts';
import { type Connections, connect } from './connections.ts';
import { DisposeStack } from './dispose-stack.ts';
import { type Ports, realPorts } from './ports.ts';
import { watchJournal } from './watch-journal.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;
/**
 * Milliseconds in which creates and registrations under way may end before a reload. One that takes longer
 * goes on: a VM is waited for by the next part, and a runner that was registered in vain costs its name.
 */
const CALLS_FOR = 2_000;

const NO_FILE: ConfigFile = {
  path: '',
  read: () => {
    throw new ConfigError([{ path: '', message: 'This daemon was started without a config file.' }]);
  },
};

export interface DaemonOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** From where the config comes; without it no reload is possible. */
  configFile?: ConfigFile;
  /** The real ones by default. */
  ports?: Ports;
  /** Another daemon has taken over the store, as a sentence: this one can store nothing any more, and has to end. */
  onTakenOver?(why: string): void;
}

export interface Daemon {
  publicUrl: string;
  adminUrl: string;
  /** Reads the config again and puts it in force, or refuses it with its problems. `by`: who ordered it. */
  reload(by: string): Promise<ReloadResult>;
  /** Stops taking work and ends: running jobs go on in their VMs, and the next daemon finds their records. */
  drain(): Promise<void>;
}

/**
 * The composition root: every part is made here, receives what it needs, and is released in reverse order.
 * Rejects with a ConfigError or StoreError whose message is for the operator.
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const disposal = new DisposeStack(options.clock);
  try {
    return await compose(options, disposal);
  } catch (error) {
    await disposal.dispose(options.log, CLOSE_TIMEOUT);
    throw error;
  }
}

/**
 * What is made here lasts as long as the process: store, journal, listeners and what shows the rest. Everything
 * that acts is the active part.
 */
async function compose(options: DaemonOptions, disposal: DisposeStack): Promise<Daemon> {
  const { config, env, clock, log, ports = realPorts } = options;
  const connections = await connect(config, { env, clock, log, ports });
  const store = await ports.openStore({
    ...config.store,
    clock,
    log,
    onTakenOver: options.onTakenOver ?? (() => undefined),
    onHealthChange: ({ ok, lastError }) =>
      ok
        ? log.info('the store can be written again; work goes on')
        : log.error({ lastError }, `the store cannot be written, so nothing new starts: ${lastError}`),
  });
  disposal.defer('the store', () => store.close());

  const journal = new JournalWriter(store.journal);
  const deliveries = new DeliveryLog(clock);
  const active = (): ActivePart => part;
  const health = new DaemonHealth({ active, journal, store, macUptime: ports.macUptime, clock, log });
  const watching = await watchJournal({
    ...{ active, journal, store, deliveries, clock, log },
    macUptime: ports.macUptime,
    config: () => reloads.inForce(),
    health: () => health.now(),
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
    file: options.configFile ?? NO_FILE,
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
    reload: (by) => reloads.reload(by),
  });
  const adminApp = createAdminApp({ source, tokens: () => active().config.admin, clock });
  const admin = await ports.listen(adminApp, config.admin.listen, 'admin.listen');
  disposal.defer('the admin listener', () => admin.close());
  const webhook = createWebhookReceiver({
    secret: () => active().config.github.webhook_secret ?? null,
    allowed: () => {
      const { owner, repositories } = active().config.github;
      return { owner, repositories: repositories.length > 0 ? repositories : null };
    },
    configuredName: (id, now) => active().names.configuredName(id, now),
    store: store.deliveries,
    clock,
    takesJobs: () => active().takesJobs(),
    onNew: (seen) => active().dispatcher.observe(seen),
    onStored: (seen, hook) => {
      if (active().takesJobs()) active().webhooks.delivered(seen, hook);
    },
    log,
  });
  const open = await ports.listen(
    createPublicApp({ webhook, watch: deliveries.watch, canStore: () => health.now().canStore }),
    config.controller.webhook_listen,
    'controller.webhook_listen',
  );
  disposal.defer('the public listener', () => open.close());

  begin(part.start());
  await settled;
  health.start();
  disposal.defer('the watch over its health', () => health.stop());
  disposal.defer('the watch over the clock', watchClock(clock, log));

  return {
    publicUrl: open.url,
    adminUrl: admin.url,
    reload: (by) => reloads.reload(by),
    async drain() {
      isEnding = true;
      await finishedWithin(clock, CLOSE_TIMEOUT, reloads.idle());
      await part.stop();
      await disposal.dispose(log, CLOSE_TIMEOUT);
    },
  };
}
