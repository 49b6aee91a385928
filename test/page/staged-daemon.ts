import { pino } from 'pino';
import type { failure } from '../../machines/failure.ts';
import type { Job } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { statePath } from '../../machines/state-path.ts';
import { DEFAULT_WEBHOOKS_POLICY } from '../../machines/webhooks.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { type Core, createCore } from '../../src/controller/create-core.ts';
import type { Dispatcher } from '../../src/dispatch/dispatcher.ts';
import { DaemonError } from '../../src/errors.ts';
import { RateLimits } from '../../src/github/access/rate-limit.ts';
import type { Health } from '../../src/health/health.ts';
import { createAdminApp } from '../../src/http/admin/admin-app.ts';
import type { AdminSource } from '../../src/http/admin/api/api-routes.ts';
import type { AdminTokens } from '../../src/http/admin/guard.ts';
import { listen } from '../../src/http/listen.ts';
import { DeliveryLog } from '../../src/intake/webhooks/delivery-log.ts';
import { WebhookHealth } from '../../src/intake/webhooks/webhook-health.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import type { Store } from '../../src/store/store.ts';
import { JOB, VM } from '../machines/job-samples.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { GOOD_HEALTH } from '../support/good-health.ts';
import { memoryDatabase, memoryStore } from '../support/memory-store.ts';
import { NUMBERS } from '../support/numbers.ts';
import type { StagedMacs } from './staged-macs.ts';
import { stagedSource } from './staged-source.ts';

const silent = pino({ level: 'silent' });

/** A PNG of one pixel. */
const ONE_PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

/** Results of effects that let a job continue, by the state that waits for them. */
const NEXT: Record<string, [effect: string, output: unknown]> = {
  'creating.acting': ['createVm', { vmId: 'vm-1' }],
  'starting.acting': ['startVm', { expiresAt: null }],
  'sshReady.acting': ['connectGuest', { address: VM.address, hostKey: VM.hostKey }],
  'probing.acting': ['probeGuest', { runnerVersion: '2.330.0' }],
  'jitConfig.acting': ['obtainRunnerConfig', { runnerId: 7, mode: 'jit' }],
  'runnerOnline.launching.acting': ['launchRunner', null],
  'runnerOnline.confirming.acting': ['confirmOnline', { runnerId: 7 }],
  'running.idle.watching': ['watchRunner', { ended: 'tookJob', failure: null }],
};

/**
 * A daemon with real machines, store, journal and admin listener, whose effects never end by themselves: a
 * test decides what happens next, so that no picture depends on timing.
 */
export class StagedDaemon {
  readonly store: Store;
  readonly clock: Clock;
  readonly actors: JobActors;
  readonly journal: JournalWriter;
  readonly dispatcher: Dispatcher;
  readonly webhooks: WebhookHealth;
  /** The budget according to GitHub's responses. */
  readonly limits = new RateLimits();
  readonly deliveries: DeliveryLog;
  readonly #core: Core;
  /** The log lines of orders. */
  readonly logged: { msg: string }[] = [];
  readonly orderLog = pino({ base: null }, { write: (line) => void this.logged.push(JSON.parse(line)) });
  /** The status of the daemon. */
  health: Health = GOOD_HEALTH;
  /** What a look into any VM shows. */
  look: NonNullable<AdminSource['look']> = {
    log: async () => ({ vmName: 'gh-1', runnerName: 'gh-1', text: 'Listening for Jobs' }),
    screen: async () => ONE_PIXEL,
    addresses: () => ({
      vmName: 'gh-1',
      host: 'mini-1',
      ssh: { host: '127.0.0.1', port: 2222, user: 'admin', hostKey: 'c2VjcmV0' },
      vnc: null,
      hold: null,
    }),
  };
  /** Who started the run of any job. */
  starter: () => Promise<string | null> = async () => 'ada';
  /** Those that share its database. */
  controllers: ReturnType<AdminSource['controllers']> = [];
  url = '';
  close: () => Promise<void> = async () => undefined;
  /** Cuts every connection, and listens again at the same address after `whileCut` has run. */
  interrupt: (whileCut: () => Promise<void>) => Promise<void> = async () => undefined;

  /** Without Macs no host is ever looked at: `host` sets what a look would show. */
  static async start(
    token: string | null = null,
    {
      clock = systemClock,
      macs = null,
      readToken = null,
    }: { clock?: Clock; macs?: StagedMacs | null; readToken?: string | null } = {},
  ): Promise<StagedDaemon> {
    const database = memoryDatabase();
    const store = await memoryStore({ clock, log: silent, retention: 1e12 }, database);
    const daemon = new StagedDaemon(store, clock, macs);
    await daemon.#listen({ token: token ?? undefined, read_token: readToken ?? undefined });
    if (macs) daemon.#core.hosts.start();
    return daemon;
  }

  private constructor(store: Store, clock: Clock, macs: StagedMacs | null) {
    this.store = store;
    this.clock = clock;
    const names = macs?.names ?? ['mini-1'];
    this.journal = new JournalWriter(store.journal);
    const core = createCore({
      store,
      journal: this.journal,
      clock,
      log: silent,
      policy: { ...DEFAULT_POLICY, namePrefix: 'gh-default' },
      effects: () => endlessEffects(),
      hosts: names.map((name) => ({
        name,
        client: macs?.client(name, () => this.actors) ?? ({} as never),
        maxVms: 2,
      })),
      hostPolicy: { checkInterval: 10_000, lostAfter: 120_000 },
      profileFor: (labels) => labels.find((label) => label.startsWith('macos-')) ?? null,
    });
    this.#core = core;
    this.actors = core.actors;
    this.dispatcher = core.dispatcher;
    this.deliveries = new DeliveryLog(clock);
    this.webhooks = new WebhookHealth({
      github: { redeliverFailed: async () => 0, now: () => clock.now() },
      policy: DEFAULT_WEBHOOKS_POLICY,
      clock,
      log: silent,
      onDoubt: () => undefined,
      onChange: (turn) => core.webhookAndBreakerEntries.webhooks(turn),
    });
  }

  async #listen(tokens: AdminTokens): Promise<void> {
    const { store, dispatcher, limits, webhooks, clock, deliveries } = this;
    const { source, watching, poller } = await stagedSource({
      core: this.#core,
      journal: this.journal,
      store,
      clock,
      limits,
      deliveries,
      webhooks,
      orderLog: this.orderLog,
      health: () => this.health,
      look: {
        log: (jobId) => this.look.log(jobId),
        screen: (jobId) => this.look.screen(jobId),
        addresses: (jobId) => this.look.addresses(jobId),
      },
      starter: () => this.starter(),
      controllers: () => this.controllers,
    });
    const app = createAdminApp({ source, tokens: () => tokens, clock });
    webhooks.start();
    poller.start();
    let listener = await listen(app, { host: '127.0.0.1', port: 0 }, 'admin.listen');
    this.url = listener.url;
    this.interrupt = async (whileCut) => {
      await listener.close();
      await whileCut();
      listener = await listen(
        app,
        { host: '127.0.0.1', port: Number(new URL(this.url).port) },
        'admin.listen',
      );
    };
    this.close = async () => {
      watching.stop();
      this.#core.tracer.stop();
      await poller.stop();
      webhooks.stop();
      dispatcher.drain();
      await listener.close();
      this.#core.stop();
      await store.close();
    };
  }

  /** Adds a queued job; returns the key of its actor. */
  queue(id: number, more: Partial<Job> = {}): string {
    return this.actors.create({ ...JOB, id, queuedAt: this.clock.now(), name: `job ${id}`, ...more });
  }

  send(key: string, event: JobEvent): void {
    this.actors.send(key, event);
  }

  state(key: string): string {
    for (const { key: other, snapshot } of this.actors.all()) {
      if (other === key) return statePath(snapshot.value);
    }
    return 'over';
  }

  /** Lets the effect that the job waits for succeed. */
  next(key: string): void {
    const state = this.state(key);
    if (state === 'queued') this.send(key, { type: 'slot.granted', host: 'mini-1', numbers: NUMBERS });
    const [effect, output] = NEXT[state] ?? [];
    if (effect === 'createVm')
      this.#end(key, { type: 'xstate.done.actor.createVm', output: { vmId: `vm-${key}` } });
    else if (effect) this.#end(key, { type: `xstate.done.actor.${effect}`, output });
  }

  /** Lets the effect that the job waits for fail. */
  fail(
    key: string,
    code: Parameters<typeof failure>[0],
    message: string,
    retryAt: number | null = null,
  ): void {
    const [effect] = NEXT[this.state(key)] ?? [];
    if (!effect) return;
    this.#end(key, {
      type: `xstate.error.actor.${effect}`,
      error: new DaemonError(code, message, { retryAt }),
    });
  }

  /** Lets the machine itself fail: XState ends an actor at the failure of an effect that nobody handles. */
  breakDown(key: string): void {
    this.#end(key, { type: 'xstate.error.actor.unheardOf', error: new Error('unheard of') });
  }

  /** Lets the teardown remove what is there. */
  tearDown(key: string): void {
    this.#end(key, { type: 'xstate.done.actor.removeRunner', output: null });
    this.#end(key, { type: 'xstate.done.actor.deleteVm', output: null });
  }

  host(
    name: string,
    vms: { name: string; state: string; ours: boolean }[],
    more: object = {},
    to = 'healthy',
  ): void {
    this.journal.snapshot({
      ...{ kind: 'host', at: this.clock.now(), actor: `host:${name}`, jobId: 0, attempt: 0, host: name },
      event: 'host.looked',
      from: '',
      to,
      detail: { slots: 2, version: '1.0.0', vms, failure: null, cordon: null, ...more },
    });
  }

  /** What the journal tells when a controller becomes the active one. */
  takeOver(controller: string, before: string, epoch: number): void {
    this.journal.write({
      ...{ kind: 'daemon', at: this.clock.now(), actor: 'daemon', jobId: 0, attempt: 0, host: null },
      ...{ event: 'daemon.started', from: '', to: '', isTurn: true },
      detail: { heardLast: this.clock.now(), controller, before, epoch },
    });
  }

  #end(key: string, event: object): void {
    this.actors.send(key, event as JobEvent);
  }
}
