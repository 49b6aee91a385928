import { hostname } from 'node:os';
import type { Logger } from 'pino';
import { type Clock, sleepFor } from '../../clock.ts';
import { configDigest } from '../../config/changes/config-digest.ts';
import type { ReloadResult } from '../../config/changes/reload-result.ts';
import type { Config } from '../../config/schema.ts';
import type { SwitchedApp } from '../../http/switched-app.ts';
import type { LeaseLoss } from '../../store/postgres/lease.ts';
import type { PostgresEngine } from '../../store/postgres/postgres-engine.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import { Store } from '../../store/store.ts';
import { type ActiveDaemon, createActiveDaemon } from '../active-daemon.ts';
import type { ConfigFile } from '../config-reloads.ts';
import { DisposeStack } from '../dispose-stack.ts';
import type { Ports } from '../outside/ports.ts';
import { tellWrites } from '../tell-writes.ts';
import { needsOfRecords } from './needs-of-records.ts';
import { type Prepared, prepareActive } from './prepare-active.ts';
import type { Standby } from './standby.ts';
import { whyNotTake } from './why-not-take.ts';

/** Milliseconds between two looks at the lease: a hand-over takes as long at most, and then the read of the records. */
const LOOK_EVERY = 200;
/** Milliseconds after an active time that could not begin. */
const AFTER_FAILURE = 5_000;
/** Milliseconds in which calls under way may end when another controller waits to go on with them. */
const CALLS_FOR = 300;
/** Milliseconds for each part to close. */
const CLOSE_TIMEOUT = 10_000;

export interface ReplicaOptions {
  config: Config;
  env: NodeJS.ProcessEnv;
  clock: Clock;
  log: Logger;
  configFile: ConfigFile | undefined;
  ports: Ports;
  version: string;
}

interface ReplicaParts extends ReplicaOptions {
  database: SharedDatabase;
  standby: Standby;
  publicApp: SwitchedApp;
  adminApp: SwitchedApp;
}

/**
 * One of several controllers on one database. It stands by until the lease is free, takes it, is the active one until
 * it loses the lease or hands it over, and stands by again. A take-over is like a restart: everything that acts is
 * made from the records.
 */
export class Replica {
  readonly #parts: ReplicaParts;
  #adminUrl = '';
  /** The same over a restart, so that a controller that comes again replaces its own row. */
  #id = '';
  readonly #ending = new AbortController();
  #prepared: Prepared | null;
  /** With the config in force. */
  #config: Config;
  #active: { daemon: ActiveDaemon; engine: PostgresEngine } | null = null;
  /** Why it must not take the lease. */
  #refusal: string | null = null;
  #running: Promise<void> = Promise.resolve();
  /** The last trouble with the database that was told. */
  #told: string | null = null;

  constructor(parts: ReplicaParts, prepared: Prepared) {
    this.#parts = parts;
    this.#prepared = prepared;
    this.#config = prepared.config;
  }

  /**
   * Resolves when it is active, or when another one is. Rejects when it could not become active although the lease was
   * free.
   */
  start(adminUrl: string): Promise<void> {
    this.#adminUrl = adminUrl;
    this.#id = `${hostname()} ${new URL(adminUrl).port}`;
    return new Promise((resolve, reject) => {
      this.#running = this.#run(resolve, reject);
    });
  }

  get config(): Config {
    return this.#active?.daemon.inForce().config ?? this.#prepared?.config ?? this.#config;
  }

  reload(by: string): Promise<ReloadResult> {
    if (this.#active) return this.#active.daemon.reload(by);
    if (this.#prepared) return this.#prepared.reloads.reload(by);
    return Promise.reject(
      new Error('The database cannot be reached: reload the config when it can be reached again.'),
    );
  }

  /** Hands over to the next controller, if there is one. Running jobs go on in their VMs. */
  async end(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    await this.#parts.database.controllers.remove(this.#id).catch(() => undefined);
  }

  async #run(settled: () => void, failed: (error: unknown) => void): Promise<void> {
    const { signal } = this.#ending;
    const { clock } = this.#parts;
    void this.#beatAgainAndAgain();
    let isFirst = true;
    while (!signal.aborted) {
      const lost = new AbortController();
      const taken = await this.#take(lost).catch((error: unknown) => this.#tell(error));
      if (taken) {
        const error = await this.#beActive(taken.engine, taken.prepared, lost.signal, settled);
        if (error !== null && isFirst) return failed(error);
        if (error !== null) await sleepFor(clock, AFTER_FAILURE, signal).catch(() => undefined);
      } else if (taken === null) settled();
      isFirst = false;
      if (!signal.aborted) await sleepFor(clock, LOOK_EVERY, signal).catch(() => undefined);
    }
  }

  /** Takes the lease when it is free and this controller may; null when not. Rejects when the database is away. */
  async #take(lost: AbortController): Promise<{ engine: PostgresEngine; prepared: Prepared } | null> {
    const { database, clock, log } = this.#parts;
    this.#prepared ??= await prepareActive({ ...this.#parts, config: this.#config });
    const prepared = this.#prepared;
    this.#config = prepared.config;
    const look = await database.lookAtLease();
    if (this.#told !== null) log.info('the database answers again');
    this.#told = null;
    if (!look || look.isHeld) return null;
    const others = (await database.controllers.all()).filter(({ id }) => id !== this.#id);
    const [state, needs] = [await database.state(), await needsOfRecords(database.reader)];
    const why = whyNotTake({ state, format: look.format, needs, own: prepared.config, others });
    if (why !== this.#refusal && why !== null) log.error(`this controller does not take the lease. ${why}`);
    this.#refusal = why;
    if (why !== null) return null;
    const engine = await database.take({
      ...{ holder: this.#name, length: this.#config.store.lease, clock },
      onLost: (loss) => lost.abort(loss),
    });
    return engine && { engine, prepared };
  }

  /** Resolves when this controller is not active any more, with the error for which it could not become active. */
  async #beActive(
    engine: PostgresEngine,
    prepared: Prepared,
    lost: AbortSignal,
    settled: () => void,
  ): Promise<unknown> {
    const { env, log, configFile, standby, publicApp, adminApp } = this.#parts;
    const { config, connections, clock, guard, ports } = prepared;
    const disposal = new DisposeStack(clock);
    let daemon: ActiveDaemon | null = null;
    let failure: unknown = null;
    let cut = (): void => undefined;
    const stepDown = () => {
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
    this.#prepared = null;
    try {
      const store = await Store.over(engine, {
        ...config.store,
        clock,
        log,
        onHealthChange: tellWrites(log),
      });
      disposal.defer('the store', () => {
        const closed = store.close();
        // A connection that hangs must not delay the next role.
        return lost.aborted ? undefined : closed;
      });
      if (!lost.aborted) {
        daemon = await createActiveDaemon(
          { config, connections, store, env, clock, log, configFile, ports, role: 'active' },
          disposal,
        );
        if (lost.aborted) daemon.abandon();
        else {
          this.#active = { daemon, engine };
          publicApp.switchTo(daemon.publicApp)();
          adminApp.switchTo(daemon.adminApp)();
        }
        await Promise.race([daemon.start(), aborted(lost)]);
        void this.#beat();
        log.info({ epoch: engine.epoch }, `this controller is the active one (epoch ${engine.epoch})`);
        settled();
        await Promise.race([aborted(lost), aborted(this.#ending.signal)]);
      }
    } catch (error) {
      failure = lost.aborted ? null : error;
      if (failure !== null) log.error({ err: error }, 'this controller could not become the active one');
    }
    lost.removeEventListener('abort', onLost);
    if (lost.aborted) log.error(sentenceOf(lost.reason as LeaseLoss));
    else stepDown();
    this.#config = daemon?.inForce().config ?? config;
    await daemon?.stop(lost.aborted ? 0 : await this.#patience());
    await disposal.dispose(log, CLOSE_TIMEOUT);
    // Without a store there was nothing that closes the engine.
    await (lost.aborted ? undefined : engine.close());
    guard.close();
    cut();
    this.#active = null;
    void this.#beat();
    return failure;
  }

  /** Undefined when nobody else would go on with the calls under way. */
  async #patience(): Promise<number | undefined> {
    const { database } = this.#parts;
    const all = await database.controllers.all().catch(() => []);
    const isAwaited = all.some(
      ({ id, role, refusal, seenAgo }) =>
        id !== this.#id && role === 'standby' && refusal === null && seenAgo < this.#config.store.lease,
    );
    return isAwaited ? CALLS_FOR : undefined;
  }

  async #beatAgainAndAgain(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await this.#beat();
      await sleepFor(this.#parts.clock, this.#config.store.lease / 4, signal).catch(() => undefined);
    }
  }

  async #beat(): Promise<void> {
    const { database, standby, version } = this.#parts;
    const { config } = this;
    const { hosts, labels } = config;
    const about = {
      ...{ name: this.#name, version, adminUrl: this.#adminUrl, refusal: this.#refusal },
      digest: configDigest(config),
      hosts: hosts.map(({ name }) => name),
      labels: Object.keys(labels),
    };
    const lease = this.#active?.engine.lease;
    const isActive = lease?.isHeld() === true;
    await database.controllers
      .put(this.#id, about, isActive ? 'active' : 'standby', isActive ? lease.epoch : null)
      .then(() => standby.seen())
      .catch(() => undefined);
  }

  get #name(): string {
    return `${hostname()}, process ${process.pid}`;
  }

  #tell(error: unknown): undefined {
    const why = error instanceof Error ? error.message : String(error);
    if (this.#told === null)
      this.#parts.log.error({ lastError: why }, `the database does not answer: ${why}`);
    this.#told = why;
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

function sentenceOf(loss: LeaseLoss): string {
  return loss === 'taken'
    ? 'another controller has taken over: this one has stopped what it did, and stands by'
    : 'the lease could not be renewed in time: this controller has stopped what it did, and stands by until the database answers';
}
