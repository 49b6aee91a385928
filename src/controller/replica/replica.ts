import { hostname } from 'node:os';
import { sleepFor } from '../../clock.ts';
import { configDigest } from '../../config/changes/config-digest.ts';
import type { ConfigInForce, ReloadResult } from '../../config/changes/reload-result.ts';
import type { Config } from '../../config/schema.ts';
import type { ControllerFigures } from '../../http/admin/controller-metrics.ts';
import type { SwitchedApp } from '../../http/switched-app.ts';
import type { PostgresEngine } from '../../store/postgres/postgres-engine.ts';
import { explainTrouble } from '../../store/postgres/trouble/explain-trouble.ts';
import type { ControllerRow } from '../../store/shared/controller-rows.ts';
import { type ControllerView, controllerView } from '../../store/shared/controller-view.ts';
import type { SharedDatabase } from '../../store/shared/shared-database.ts';
import type { ActiveDaemon } from '../active-daemon.ts';
import { activeTime } from './active-time.ts';
import { needsOfRecords } from './needs-of-records.ts';
import { type Prepared, type PrepareOptions, prepareActive } from './prepare-active.ts';
import type { Standby } from './standby.ts';
import { whyNotTake } from './why-not-take.ts';

/** Milliseconds between two looks at the lease: a hand-over takes as long at most, and then the read of the records. */
const LOOK_EVERY = 200;
/** The same while this controller must not take the lease: each look then reads the records of all live jobs. */
const REFUSED_LOOK_EVERY = 2_000;
/** Milliseconds after an active time that could not begin. */
const AFTER_FAILURE = 5_000;
/** Milliseconds in which calls under way may end when another controller waits to go on with them. */
const CALLS_FOR = 300;

export interface ReplicaOptions extends Omit<PrepareOptions, 'database'> {
  version: string;
}

interface ReplicaParts extends ReplicaOptions {
  database: SharedDatabase;
  standby: Standby;
  publicApp: SwitchedApp;
  adminApp: SwitchedApp;
}

interface Taken {
  engine: PostgresEngine;
  prepared: Prepared;
  lost: AbortSignal;
  /** The holder before, when that was another one. */
  before: string;
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
  /** The config that was in force last. */
  #config: Config;
  #active: { daemon: ActiveDaemon; engine: PostgresEngine } | null = null;
  /** Why it must not take the lease; null when it may, and while that was not looked at. */
  #refusal: string | null = null;
  #running: Promise<void> = Promise.resolve();
  /** The controllers of the database as they were last seen. */
  #known: ControllerRow[] = [];
  /** Epoch ms at which they were. */
  #knownAt = 0;
  #takeOvers = 0;
  /** As the database had it last. */
  #epoch: number | null = null;
  #inbox: number | null = null;
  /** What was told of the present trouble with the database: each thing once, since it may change again and again. */
  readonly #told = new Set<string>();

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

  /** The controllers of the database as they were last seen, the active one first. */
  controllers(): readonly ControllerView[] {
    const later = this.#parts.clock.now() - this.#knownAt;
    return this.#known.map((one) => controllerView(one, this.#config.store.lease, later));
  }

  figures(): ControllerFigures {
    const { database } = this.#parts;
    const engine = this.#active?.engine ?? null;
    const isActive = engine?.lease.isHeld() === true;
    return {
      isActive,
      epoch: this.#epoch,
      takeOvers: this.#takeOvers,
      leaseAge: isActive ? (engine?.lease.age() ?? null) : null,
      inbox: this.#inbox,
      lastWrite: engine?.lastWrite ?? database.lastWrite,
    };
  }

  /** The config in force while this controller stands by; null while the database did not answer since it was active. */
  configInForce(): ConfigInForce | null {
    return this.#prepared?.reloads.inForce() ?? null;
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
    this.#parts.standby.pause();
    await this.#parts.database.controllers.remove(this.#id).catch(() => undefined);
  }

  async #run(settled: () => void, failed: (error: unknown) => void): Promise<void> {
    const { signal } = this.#ending;
    const { clock } = this.#parts;
    await this.#beat();
    void this.#beatAgainAndAgain();
    let isFirst = true;
    while (!signal.aborted) {
      const lost = new AbortController();
      const taken = await this.#take(lost).catch((error: unknown) => this.#tell(error));
      if (taken) {
        const error = await this.#beActive(taken, settled);
        if (error !== null && isFirst) return failed(error);
        if (error !== null) await sleepFor(clock, AFTER_FAILURE, signal).catch(() => undefined);
      } else if (taken === null) settled();
      isFirst = false;
      const pause = this.#refusal === null ? LOOK_EVERY : REFUSED_LOOK_EVERY;
      if (!signal.aborted) await sleepFor(clock, pause, signal).catch(() => undefined);
    }
  }

  /** Takes the lease when it is free and this controller may; null when not. Rejects when the database is away. */
  async #take(lost: AbortController): Promise<Taken | null> {
    const { database, clock, log } = this.#parts;
    this.#prepared ??= await prepareActive({ ...this.#parts, config: this.#config });
    const prepared = this.#prepared;
    this.#config = prepared.config;
    const look = await database.lookAtLease();
    if (this.#told.size > 0) log.info('the database can be used again');
    this.#told.clear();
    this.#epoch = look?.epoch ?? null;
    // A refusal that was told is looked at again while another one is active, too: it may be over.
    if (!look || (look.isHeld && this.#refusal === null)) return null;
    const others = (await database.controllers.all()).filter(({ id }) => id !== this.#id);
    const [state, needs] = [await database.state(), await needsOfRecords(database.reader)];
    const why = whyNotTake({ state, format: look.format, needs, own: prepared.config, others });
    if (why !== this.#refusal && why !== null)
      log.error(`this controller stands by and does not become the active one. ${why}`);
    this.#refusal = why;
    if (why !== null || look.isHeld) return null;
    const engine = await database.take({
      ...{ holder: this.#name, length: this.#config.store.lease, clock },
      onLost: (loss) => lost.abort(loss),
    });
    this.#epoch = engine?.epoch ?? this.#epoch;
    const before = look.holder === this.#name ? '' : look.holder;
    return engine && { engine, prepared, lost: lost.signal, before };
  }

  async #beActive({ engine, prepared, lost, before }: Taken, settled: () => void): Promise<unknown> {
    this.#prepared = null;
    this.#takeOvers += 1;
    this.#parts.standby.pause();
    const failure = await activeTime({
      ...{ ...this.#parts, engine, prepared, lost, ending: this.#ending.signal },
      controllers: () => this.controllers(),
      figures: () => this.figures(),
      tookOver: { controller: this.#name, before },
      onDaemon: (daemon) => {
        this.#active = { daemon, engine };
      },
      onActive: () => {
        void this.#beat();
        settled();
      },
      patience: () => this.#patience(),
    });
    this.#config = this.config;
    this.#active = null;
    if (!this.#ending.signal.aborted) this.#parts.standby.resume();
    void this.#beat();
    return failure;
  }

  /** Undefined when nobody else would go on with the calls under way. */
  async #patience(): Promise<number | undefined> {
    const { database } = this.#parts;
    const all = await database.controllers.all().catch(() => []);
    const isAwaited = all
      .map((one) => controllerView(one, this.#config.store.lease))
      .some(
        ({ id, role, refusal, isGone }) =>
          id !== this.#id && role === 'standby' && refusal === null && !isGone,
      );
    return isAwaited ? CALLS_FOR : undefined;
  }

  async #beatAgainAndAgain(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      await sleepFor(this.#parts.clock, this.#config.store.lease / 4, signal).catch(() => undefined);
      await this.#beat();
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
      .then(async () => {
        this.#known = await database.controllers.all();
        this.#knownAt = this.#parts.clock.now();
        this.#inbox = await database.inboxDepth();
      })
      .catch((error: unknown) => standby.unseen(explainTrouble(error)));
  }

  get #name(): string {
    return `${hostname()}, process ${process.pid}`;
  }

  #tell(error: unknown): undefined {
    const why = explainTrouble(error);
    if (this.#told.has(why)) return;
    this.#told.add(why);
    this.#parts.log.error(`the database cannot be used, and this controller tries it again: ${why}`);
  }
}
