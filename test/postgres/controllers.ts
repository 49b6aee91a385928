import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { secretValues } from '../../src/config/secret-values.ts';
import { type Daemon, startDaemon } from '../../src/controller/daemon.ts';
import type { Answers } from '../../src/http/admin/api/api-routes.ts';
import { createLog } from '../../src/log.ts';
import type { Delivery } from '../../src/simulator/github/webhooks/delivery-log.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { type Scenario, type ScenarioSettings, scenario } from '../scenarios/scenario.ts';
import { PostgresPlace } from './postgres-place.ts';
import { WatchingProxy } from './watching-proxy.ts';

type Sections = Record<string, Record<string, unknown>>;

/** A request to a Mac, as its network saw it. */
export interface Sent {
  /** Milliseconds on the clock of the test. */
  at: number;
  by: Controller;
  /** Such as `POST /v1/vms HTTP/1.1`. */
  line: string;
}

/** Several controllers on one database and one simulated world, seen from outside. */
export class Controllers {
  readonly place: PostgresPlace;
  readonly world: Scenario;
  readonly all: Controller[] = [];
  /** Everything that any controller sent to the Mac, in order. */
  readonly sent: Sent[] = [];
  #balancer: WatchingProxy | null = null;
  /** Those to which GitHub's webhooks go: to the first that accepts a connection. */
  webhooksTo: readonly Controller[] = [];

  /** `count` controllers that are not started. */
  static async make(
    serverPort: number,
    count: number,
    settings: ScenarioSettings = {},
  ): Promise<Controllers> {
    const place = new PostgresPlace(serverPort);
    await place.make();
    const self = new Controllers(place, await scenario(settings));
    for (let n = 1; n <= count; n += 1) self.all.push(await Controller.make(self, n));
    const port = Number(new URL(self.world.webhookUrl).port);
    self.webhooksTo = self.all;
    self.#balancer = await WatchingProxy.start(
      () => self.webhooksTo.map(({ webhookPort }) => webhookPort),
      port,
    );
    return self;
  }

  private constructor(place: PostgresPlace, world: Scenario) {
    this.place = place;
    this.world = world;
  }

  /** Those that sent something to the Mac, in order, without repetition of one after itself. */
  actedInTurn(): string[] {
    return this.sent.map(({ by }) => by.name).filter((name, n, names) => name !== names[n - 1]);
  }

  /** From now on webhooks go to this one alone, also those of a connection that GitHub keeps. */
  sendWebhooksTo(one: Controller): void {
    this.webhooksTo = [one];
    this.#balancer?.cut();
  }

  /** What GitHub has sent of jobs, also again, and got a response to or none in time. */
  deliveries(): Delivery[] {
    const { deliveries, hooks } = this.world.github.world;
    const all = [...hooks.values()].flatMap((hook) => deliveries.of(hook, Date.now()));
    return all.filter(({ announcement }) => announcement.event === 'workflow_job');
  }

  /** Waits until one controller is active; returns it. */
  active(): Promise<Controller> {
    return this.world.until(async () => {
      for (const one of this.all) if ((await one.role()) === 'active') return one;
      throw new Error('no controller is active');
    });
  }

  async isClean(): Promise<void> {
    await this.world.isClean(async () => {
      const { body } = await (await this.active()).get('/api/jobs');
      return body as unknown as Answers['/api/jobs'];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((one) => one.remove()));
    await this.#balancer?.close();
    await this.world[Symbol.asyncDispose]();
    await this.place.remove();
  }
}

export class Controller {
  readonly name: string;
  readonly configPath: string;
  readonly adminUrl: string;
  readonly webhookPort: number;
  /** Between it and the database. */
  readonly database: WatchingProxy;
  /** Between it and the Mac. */
  readonly toMac: WatchingProxy;
  readonly #world: Scenario;
  #layers: Sections;
  /** In this process. */
  daemon: Daemon | null = null;
  process: CliProcess | null = null;
  #lines: string[] = [];

  static async make({ place, world, sent }: Controllers, n: number): Promise<Controller> {
    const mac = Number(new URL(world.mac.url).port);
    const [database, toMac] = [
      await WatchingProxy.start(() => [place.port]),
      await WatchingProxy.start(() => [mac]),
    ];
    const ports = [await freePort(Math.random), await freePort(Math.random)] as const;
    const self = new Controller(world, `controller ${n}`, ports, database, toMac, {
      store: { url: place.url().replace(`:${place.port}/`, `:${database.port}/`) },
    });
    toMac.onSent = (bytes) => {
      const [line = ''] = bytes.toString('latin1').split('\r\n', 1);
      if (line.endsWith('HTTP/1.1')) sent.push({ at: performance.now(), by: self, line });
    };
    await self.configure({});
    return self;
  }

  private constructor(
    world: Scenario,
    name: string,
    [admin, webhook]: readonly [number, number],
    database: WatchingProxy,
    toMac: WatchingProxy,
    layers: Sections,
  ) {
    this.#world = world;
    this.name = name;
    this.adminUrl = `http://127.0.0.1:${admin}`;
    this.webhookPort = webhook;
    this.configPath = join(world.folder, `${name}.json`);
    this.database = database;
    this.toMac = toMac;
    this.#layers = layers;
  }

  /** Merges sections into its own config file. */
  async configure(sections: Sections): Promise<void> {
    for (const [name, keys] of Object.entries(sections))
      this.#layers[name] = { ...this.#layers[name], ...keys };
    const base = JSON.parse(await readFile(this.#world.configPath, 'utf8')) as Sections;
    const port = (url: string) => url.split(':').at(-1);
    const merged: Sections = {
      ...base,
      controller: { ...base.controller, webhook_listen: `127.0.0.1:${this.webhookPort}` },
      admin: { ...base.admin, listen: `127.0.0.1:${port(this.adminUrl)}` },
      store: {},
    };
    const [mac] = base.hosts as unknown as { base_url: string }[];
    if (mac) {
      const url = new URL(mac.base_url);
      url.port = String(this.toMac.port);
      Object.assign(merged, { hosts: [{ ...mac, base_url: url.href.replace(/\/$/, '') }] });
    }
    for (const [name, keys] of Object.entries(this.#layers)) merged[name] = { ...merged[name], ...keys };
    await writeFile(this.configPath, JSON.stringify(merged));
  }

  /** Starts it in this process. Resolves when it is ready: active, or standing by. */
  async start(clock: Clock = systemClock): Promise<void> {
    const read = () => loadConfig({ path: this.configPath, env: {} });
    const { config } = read();
    const log = createLog({
      level: 'debug',
      format: 'json',
      secrets: secretValues(config),
      destination: { write: (line) => void this.#lines.push(line) },
    });
    this.daemon = await startDaemon({
      ...{ config, env: {}, clock, log, version: '1.2.3' },
      configFile: { path: this.configPath, read },
    });
  }

  /** Starts it as an operator does. Resolves when it says that it is ready. */
  async spawn(): Promise<CliProcess> {
    const child = startCli(['start', '--config', this.configPath], { cwd: this.#world.folder });
    this.process = child;
    await this.#world.until(() => child.stdout().includes('is ready'));
    return child;
  }

  log(): string {
    return this.process ? this.process.stdout() : this.#lines.join('');
  }

  async get(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.adminUrl}${path}`, { signal: AbortSignal.timeout(5_000) });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  /** What it says of itself; null when it does not answer. */
  async role(): Promise<unknown> {
    const answer = await this.get('/readyz').catch(() => null);
    return answer?.body.role ?? null;
  }

  /** In its config the Mac has another name. */
  async renameHost(name: string): Promise<void> {
    const config = JSON.parse(await readFile(this.configPath, 'utf8')) as { hosts: object[] };
    config.hosts = config.hosts.map((host) => ({ ...host, name }));
    await writeFile(this.configPath, JSON.stringify(config));
  }

  /** `isKilled`: its row stays, as that of one that died. */
  async end({ isKilled = false } = {}): Promise<void> {
    const { daemon } = this;
    this.daemon = null;
    if (!isKilled) return daemon?.drain();
    this.database.trouble = 'cut';
    await daemon?.drain();
    this.database.trouble = 'none';
  }

  async remove(): Promise<void> {
    this.process?.child.kill('SIGKILL');
    this.database.trouble = 'none';
    this.database.delay = 0;
    await this.end();
    await this.process?.ended;
    await this.database.close();
    await this.toMac.close();
  }
}
