import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { DaemonHealth } from '../health/daemon-health.ts';
import { createAdminApp } from '../http/admin/admin-app.ts';
import { liveSource } from '../http/admin/source/live-source.ts';
import { createPublicApp } from '../http/public-app.ts';
import { DeliveryLog } from '../intake/webhooks/delivery-log.ts';
import { createWebhookReceiver } from '../intake/webhooks/webhook-receiver.ts';
import { JournalWriter } from '../journal/journal-writer.ts';
import { watchClock } from '../upkeep/clock-watch.ts';
import { type ActivePart, createActivePart } from './active/active-part.ts';
import { connect } from './connections.ts';
import { DisposeStack } from './dispose-stack.ts';
import { type Ports, realPorts } from './ports.ts';
import { watchJournal } from './watch-journal.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;

export interface DaemonOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  /** The real ones by default. */
  ports?: Ports;
  /** Another daemon has taken over the store, as a sentence: this one can store nothing any more, and has to end. */
  onTakenOver?(why: string): void;
}

export interface Daemon {
  publicUrl: string;
  adminUrl: string;
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
 * What is made here lasts as long as the process: store, journal, listeners and what shows the rest. All that
 * acts is the active part.
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
        ? log.info('the store can be written again; effects go on')
        : log.error({ lastError }, `the store cannot be written, so no new effect starts: ${lastError}`),
  });
  disposal.defer('the store', () => store.close());

  const journal = new JournalWriter(store.journal);
  const deliveries = new DeliveryLog(clock);
  const active = (): ActivePart => part;
  const health = new DaemonHealth({ active, journal, store, macUptime: ports.macUptime, clock, log });
  const watching = await watchJournal({
    ...{ active, journal, store, deliveries, clock, log },
    macUptime: ports.macUptime,
    health: () => health.now(),
  });
  disposal.defer('what watches the journal', () => watching.stop());
  let unwatchedSince: number | null = watching.heardLast;
  // Only the first active part follows a time in which nobody looked at the hosts.
  const heardLast = () => {
    const since = unwatchedSince;
    unwatchedSince = null;
    return since;
  };
  const part = createActivePart({
    ...{ config, connections, store, journal, ports, clock, log },
    overview: watching.overview,
    health: () => health.now(),
    versions: watching.versions,
    heardLast,
  });
  let begin = (_started: Promise<void>): void => undefined;
  const started = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const source = liveSource({
    ...watching,
    ...{ active, store, journal, deliveries, health, clock },
    settled: () => started,
  });
  const adminApp = createAdminApp({ source, tokens: config.admin, clock });
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
  await started;
  health.start();
  disposal.defer('the watch over its health', () => health.stop());
  disposal.defer('the watch over the clock', watchClock(clock, log));

  return {
    publicUrl: open.url,
    adminUrl: admin.url,
    async drain() {
      await part.stop();
      await disposal.dispose(log, CLOSE_TIMEOUT);
    },
  };
}
