import type { Hono } from 'hono';
import { type Daemon, startDaemon } from '../../src/controller/daemon.ts';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { createLog } from '../../src/log.ts';
import type { SendWebhook } from '../../src/simulator/github/webhooks/webhook-sender.ts';
import { Chance } from './chance.ts';
import { type OpenDisk, openCommitted } from './committed-database.ts';
import type { ControllerSeat } from './controllers/controller-seat.ts';
import { forgetListeners } from './forget-listeners.ts';
import { Life } from './life.ts';
import { lifePorts } from './life-ports.ts';
import type { Lives } from './lives.ts';
import { RecordLaws } from './record-laws.ts';
import { simulatedConfig } from './simulated-config.ts';
import { type SimulatedWorld, WEBHOOK_SECRET } from './simulated-world.ts';
import { oddDelivery, spoilRows } from './untruths.ts';

/** Milliseconds after which an operator orders again a reload that was refused because of the disk. */
const RELOAD_PAUSE = 10_000;

/** The daemon's lives, one after the other: each death is followed by a start on what was committed. */
export class DaemonLives implements Lives {
  readonly #world: SimulatedWorld;
  readonly #laws: RecordLaws;
  readonly #chance: Chance;
  readonly #untruths: Chance;
  readonly #openDisk: OpenDisk;
  #life: Life | null = null;
  #daemon: Daemon | null = null;
  #app: Hono | null = null;
  #admin: Hono | null = null;
  #count = 0;
  /** Resolves when the machine wakes; null while it is awake. No process begins on a machine that sleeps. */
  #machineWakes: Promise<void> | null = null;
  #wantsReload = false;
  /** Null for a daemon that is alone on its disk. */
  readonly #seat: ControllerSeat | null;
  /** In the names of its random numbers, and in the trace. */
  readonly #name: string;

  constructor(world: SimulatedWorld, openDisk: OpenDisk = openCommitted, seat: ControllerSeat | null = null) {
    this.#world = world;
    this.#openDisk = openDisk;
    this.#seat = seat;
    this.#name = seat?.name ?? 'daemon';
    this.#laws = seat?.laws ?? new RecordLaws(world.broken, world.secrets, () => world.daemonNow());
    this.#chance = new Chance(world.scenario.seed, seat ? `lives of ${seat.name}` : 'lives');
    this.#untruths = new Chance(world.scenario.seed, 'what is untrue');
  }

  get count(): number {
    return this.#count;
  }

  get isUp(): boolean {
    return this.#daemon !== null;
  }

  /** Whether its process takes requests, or would if it were awake. */
  get isListening(): boolean {
    return this.#app !== null;
  }

  /** The present process, or the last one. */
  get life(): Life | null {
    return this.#life;
  }

  readonly takeOvers = 0;

  left = (): string[] => [];

  get isAwake(): boolean {
    return this.#daemon !== null && !this.#life?.isAsleep;
  }

  start(): void {
    const world = this.#world;
    const seat = this.#seat;
    const life = new Life(seat?.system ?? world.system, seat?.drawsTimersLast());
    this.#life = life;
    this.#count += 1;
    if (seat === null) {
      forgetListeners();
      world.daemonNow = () => life.clock.now();
      this.#laws.beginLife();
    }
    const { rows } = world.scenario.untruths;
    if (this.#count > 1 && rows > 0 && this.#untruths.is(rows)) {
      for (const key of spoilRows(world.committed, this.#untruths)) world.trace(`disk: ${key} is spoiled`);
    }
    world.trace(`${this.#name}: life ${this.#count} begins`);
    const ports = lifePorts({
      world,
      life,
      laws: this.#laws,
      chance: new Chance(world.scenario.seed, `life ${this.#count}${seat ? ` of ${seat.name}` : ''}`),
      untruths: this.#untruths,
      openDisk: this.#openDisk,
      seat,
      sleep: (ms, isCounted) => void this.sleep(ms, isCounted),
      crash: (at) => this.#crash(at),
      serve: (key, app) => {
        if (key === 'controller.webhook_listen') this.#app = app;
        else this.#admin = app;
      },
    });
    const log = createLog({
      level: 'info',
      format: 'json',
      secrets: [],
      destination: { write: (line: string) => this.#hear(life, line) },
    });
    const config = simulatedConfig(world);
    const configFile = {
      path: 'config.json',
      read: () => ({ config: simulatedConfig(world), warnings: [] }),
    };
    this.#wantsReload = false;
    startDaemon({ config, env: {}, clock: life.clock, log, ports, configFile }).then(
      (daemon) => {
        if (!life.isAlive) return;
        this.#daemon = daemon;
        if (this.#wantsReload) this.reload();
      },
      (error: unknown) => {
        if (!life.isAlive) return;
        if (world.isDiskFull) this.#crash('at its start, since the disk is full');
        else if (seat?.mayFailToStart(error)) this.#crash(`at its start: ${error}`);
        else world.broken.note('the daemon starts', String(error));
      },
    );
  }

  /**
   * Ends the present life in order and begins the next one after `downMs`; a crash during the end does the
   * same sooner.
   */
  async restart(downMs: number): Promise<void> {
    const [daemon, life] = [this.#daemon, this.#life];
    if (!daemon || !life) return;
    this.#world.trace(`${this.#name}: drains`);
    this.#daemon = null;
    // A signal reaches a stopped process when it goes on.
    if (this.#seat && life.isAsleep) await life.guard(Promise.resolve());
    await daemon.drain();
    if (!life.isAlive) return;
    life.die();
    this.#startAfter(downMs);
  }

  /** The config was changed: the daemon is told to read it again, when it has started and is awake. */
  reload(): void {
    const [daemon, life] = [this.#daemon, this.#life];
    this.#wantsReload = daemon === null;
    // A signal reaches a stopped process when it goes on: nothing in it may look at its clock before.
    if (daemon && life) void life.guard(Promise.resolve()).then(() => this.#reload(daemon, life));
  }

  async #reload(daemon: Daemon, life: Life): Promise<void> {
    const { broken, trace, clock } = this.#world;
    const law = 'a right config is applied';
    try {
      const { outcome, changes, problems } = await daemon.reload('the simulation');
      trace(`${this.#name}: reload ${outcome} ${JSON.stringify(outcome === 'refused' ? problems : changes)}`);
      if (outcome !== 'refused') return;
      const said = problems.map(({ message }) => message).join(' ');
      // The daemon learns with its next write that the disk has room again.
      if (this.#world.isDiskFull || said.includes('cannot be written')) {
        this.#wantsReload = true;
        await clock.sleepUntil(clock.now() + RELOAD_PAUSE);
        if (this.#wantsReload && life === this.#life && life.isAlive) this.reload();
      } else if (!said.includes('is ending') && !this.#seat) broken.note(law, said);
    } catch (error) {
      if (life.isAlive && !this.#seat) broken.note(law, String(error));
    }
  }

  /** The health that the daemon reports to its operator; null while it is down or asleep. */
  async readiness(): Promise<Readiness | null> {
    if (!this.#daemon || !this.#admin || this.#life?.isAsleep) return null;
    const answer = await this.#admin.request('/readyz', { headers: { host: 'localhost' } });
    return (await answer.json()) as Readiness;
  }

  /** Gives an order of an operator; while the daemon is down or asleep, nobody takes it. */
  async order(path: string): Promise<void> {
    if (!this.#daemon || !this.#admin || this.#life?.isAsleep) return;
    const headers = { host: 'localhost', 'x-operator': 'ada' };
    const { status } = await this.#admin.request(path, { method: 'POST', headers });
    this.#world.trace(`order ${path} → ${status}`);
  }

  /**
   * Stops the present life for `ms` milliseconds. With `isCounted` false its machine's clock stops, too. A
   * life that is already asleep stays asleep.
   */
  async sleep(ms: number, isCounted: boolean): Promise<void> {
    if (this.#life?.isAsleep) return;
    const { clock, trace } = this.#world;
    const system = this.#seat?.system ?? this.#world.system;
    trace(`${this.#name}: sleeps`);
    const woken = clock.sleepUntil(clock.now() + ms).then(() => {
      if (!isCounted) system.uncounted += ms;
    });
    this.#life?.sleep(woken);
    if (!isCounted) this.#machineWakes = woken;
    await woken;
    if (this.#machineWakes === woken) this.#machineWakes = null;
    trace(`${this.#name}: wakes`);
  }

  /** Kills the present life; the next one begins after `downMs`. */
  kill(downMs: number): void {
    if (!this.#life?.isAlive) return;
    this.#world.trace(`${this.#name}: is killed`);
    this.#life.die();
    this.#startAfter(downMs);
  }

  /** Ends the present life; no other one follows. */
  end(): void {
    this.#life?.die();
  }

  /** GitHub's deliveries; while the daemon is down, nothing receives them. */
  readonly takeWebhook: SendWebhook = async ({ url, headers, body, timeoutMs }) => {
    const { clock, committed, broken, latency, trace } = this.#world;
    const [app, life] = [this.#app, this.#life];
    await clock.sleepUntil(clock.now() + latency());
    if (!app || !life?.isAlive) throw new Error('ECONNREFUSED');
    const sent = { ...headers, 'content-length': String(Buffer.byteLength(body)) };
    let endPatience = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      const tooLate = () => reject(new DOMException('no answer in time', 'TimeoutError'));
      endPatience = clock.alarm(clock.now() + timeoutMs, tooLate);
    });
    const awake = () => life.guard(Promise.resolve());
    const { deliveries } = this.#world.scenario.untruths;
    if (deliveries > 0 && headers['x-github-event'] === 'workflow_job' && this.#untruths.is(deliveries)) {
      const odd = oddDelivery(sent, body, WEBHOOK_SECRET, this.#untruths);
      void life.guard(awake().then(() => app.request(url, { method: 'POST', ...odd }))).then(({ status }) => {
        if (status < 400 || status === 500)
          broken.note('law 14: one bad thing costs only itself', `an odd delivery was answered ${status}`);
      });
    }
    const request = () => app.request(url, { method: 'POST', headers: sent, body });
    const asked = life.guard(awake().then(request));
    try {
      const answer = await Promise.race([asked, late]);
      const id = headers['x-github-delivery'] ?? '';
      trace(`webhook ${headers['x-github-event']} ${id.slice(0, 8)} → ${answer.status}`);
      if (headers['x-github-event'] === 'workflow_job' && answer.status === 202) {
        const isInInbox = this.#seat !== null && committed.rows.has(`!inbox!${id}`);
        if (!isInInbox && !committed.rows.has(`!deliveries!${id}`)) {
          broken.note(
            'law 6: acknowledged only when stored',
            `delivery ${id} was acknowledged before it was stored`,
          );
        }
      }
      return { status: answer.status, body: await answer.text() };
    } finally {
      endPatience();
    }
  };

  #crash(at: string): void {
    this.#world.trace(`${this.#name}: dies ${at}`);
    this.#life?.die();
    this.#startAfter(this.#chance.pick(this.#world.scenario.restartsAfter));
  }

  #startAfter(ms: number): void {
    this.#daemon = null;
    this.#app = null;
    const { clock } = this.#world;
    const start = () => this.start();
    void clock
      .sleepUntil(clock.now() + ms)
      .then(() => (this.#machineWakes === null ? start() : this.#machineWakes.then(start)));
  }

  #hear(life: Life, line: string): void {
    if (!life.isAlive) return;
    this.#laws.checkSecrets('the log', line);
    if (this.#world.isTraced) this.#world.trace(`${this.#name}: ${JSON.parse(line).msg}`);
  }
}
