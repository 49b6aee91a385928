import type { Logger } from 'pino';
import type { AdminSource } from '../../http/admin/api/api-routes.ts';
import type { ControllerFigures } from '../../http/admin/controller-metrics.ts';
import type { SwitchedApp } from '../../http/switched-app.ts';
import type { LeaseLoss } from '../../store/postgres/lease.ts';
import type { PostgresEngine } from '../../store/postgres/postgres-engine.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import { Store } from '../../store/store.ts';
import { type ActiveDaemon, createActiveDaemon } from '../active-daemon.ts';
import type { ConfigFile } from '../config-reloads.ts';
import { DisposeStack } from '../dispose-stack.ts';
import { tellWrites } from '../tell-writes.ts';
import { carryOutOrders } from './carry-out-orders.ts';
import type { Prepared } from './prepare-active.ts';
import { shareView } from './share-view.ts';
import type { Standby } from './standby.ts';

/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;

export interface ActiveTimeOptions {
  engine: PostgresEngine;
  prepared: Prepared;
  /** Aborts with a LeaseLoss. */
  lost: AbortSignal;
  /** Aborts when the lease is to be handed over. */
  ending: AbortSignal;
  database: SharedDatabase;
  standby: Standby;
  publicApp: SwitchedApp;
  adminApp: SwitchedApp;
  env: NodeJS.ProcessEnv;
  log: Logger;
  configFile: ConfigFile | undefined;
  controllers: AdminSource['controllers'];
  figures(): ControllerFigures;
  tookOver: { controller: string; before: string };
  /** Called when everything is there that requests need, and when jobs are served. */
  onDaemon(daemon: ActiveDaemon): void;
  onActive(): void;
  /** Milliseconds for calls under way at a hand-over; undefined when nobody waits for it. */
  patience(): Promise<number | undefined>;
}

/**
 * The time from a take-over until the lease is lost or handed over. Everything that acts is made again from the records
 * and released at the end. Resolves then, with the error for which this controller could not become active.
 */
export async function activeTime(options: ActiveTimeOptions): Promise<unknown> {
  const { engine, prepared, lost, ending, database, standby, publicApp, adminApp, env, log } = options;
  const { config, connections, clock, guard, ports } = prepared;
  const disposal = new DisposeStack(clock);
  const over = new AbortController();
  let daemon: ActiveDaemon | null = null;
  let failure: unknown = null;
  let cut = (): void => undefined;
  const stepDown = () => {
    over.abort();
    const cuts = [publicApp.switchTo(standby.publicApp), adminApp.switchTo(standby.adminApp)];
    cut = () => {
      for (const end of cuts) end();
    };
  };
  const onLost = () => {
    // The actors first: what the guard gives up must not look to them like a failure of a host.
    daemon?.abandon();
    guard.close();
    stepDown();
    cut();
  };
  lost.addEventListener('abort', onLost, { once: true });
  guard.open(engine.lease);
  try {
    const storeOptions = { ...config.store, clock, log, onHealthChange: tellWrites(log) };
    const store = await Store.over(engine, storeOptions);
    disposal.defer('the store', () => {
      const closed = store.close();
      if (!lost.aborted) return closed;
      // A connection that hangs must not delay the next role, and what it could not write belongs to nobody.
      closed.catch(() => undefined);
      return undefined;
    });
    const { controllers, figures, configFile } = options;
    const tookOver = { ...options.tookOver, epoch: engine.epoch };
    const replica = { controllers, figures, tookOver };
    daemon = await createActiveDaemon(
      { config, connections, store, env, clock, log, configFile, ports, replica },
      disposal,
    );
    if (lost.aborted) daemon.abandon();
    else {
      options.onDaemon(daemon);
      publicApp.switchTo(daemon.publicApp)();
      adminApp.switchTo(daemon.adminApp)();
      await Promise.race([daemon.start(), aborted(lost)]);
      log.info({ epoch: engine.epoch }, `this controller is the active one (epoch ${engine.epoch})`);
      options.onActive();
      const { source, adminApp: app, inForce } = daemon;
      void shareView(source, database, engine.epoch, clock, over.signal);
      const token = () => inForce().config.admin.token;
      const orders = { rows: database.orders, epoch: engine.epoch, app, token, clock, log };
      void carryOutOrders(orders, over.signal);
      await Promise.race([aborted(lost), aborted(ending)]);
    }
  } catch (error) {
    failure = lost.aborted ? null : error;
    if (failure !== null) log.error({ err: error }, 'this controller could not become the active one');
  }
  if (lost.aborted) log.error(sentenceOf(lost.reason as LeaseLoss));
  else stepDown();
  await daemon?.stop(lost.aborted ? 0 : await options.patience());
  await disposal.dispose(log, CLOSE_TIMEOUT);
  // Without a store there was nothing that closes the engine.
  await (lost.aborted ? undefined : engine.close());
  lost.removeEventListener('abort', onLost);
  guard.close();
  cut();
  return failure;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function sentenceOf(loss: LeaseLoss): string {
  return loss === 'taken'
    ? 'another controller has taken over: this one has stopped its work, and stands by'
    : 'the lease could not be renewed in time: this controller has stopped its work, and stands by until the database responds';
}
