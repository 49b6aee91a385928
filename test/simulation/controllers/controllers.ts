import type { Readiness } from '../../../src/http/admin/api/api-routes.ts';
import type { SendWebhook } from '../../../src/simulator/github/webhooks/webhook-sender.ts';
import { SettableTime } from '../../support/settable-time.ts';
import { Chance } from '../chance.ts';
import { openCommitted } from '../committed-database.ts';
import { DaemonLives } from '../daemon-lives.ts';
import { forgetListeners } from '../forget-listeners.ts';
import type { Lives } from '../lives.ts';
import { RecordLaws } from '../record-laws.ts';
import type { SimulatedWorld } from '../simulated-world.ts';
import { ControllerSeat } from './controller-seat.ts';
import { LeaseLaw } from './lease-law.ts';
import type { ControllerIncident, PlannedControllers, Who } from './planned-controllers.ts';
import { Road } from './road.ts';
import { SimulatedDatabase } from './simulated-database.ts';
import { SimulatedServer } from './simulated-server.ts';

/** Milliseconds from a restore of the database to the next start of its controllers. */
const AFTER_RESTORE = 5_000;
/** Milliseconds between the first starts of two controllers. */
const APART = 150;

interface Member {
  seat: ControllerSeat;
  lives: DaemonLives;
}

/** Several controllers on one database, each with lives of its own. Deliveries go to any of them that takes one. */
export class Controllers implements Lives {
  readonly #world: SimulatedWorld;
  readonly #plan: PlannedControllers;
  readonly #database: SimulatedDatabase;
  readonly #members: readonly Member[];
  readonly #lease: LeaseLaw;
  readonly #chance: Chance;
  readonly #began: number;
  takeOvers = 0;
  #incidents = 0;

  constructor(world: SimulatedWorld, plan: PlannedControllers) {
    const { clock, scenario, committed, broken } = world;
    this.#world = world;
    this.#plan = plan;
    this.#began = clock.now();
    this.#chance = new Chance(scenario.seed, 'controllers');
    const laws = new RecordLaws(broken, world.secrets, () => clock.now());
    const batches = new Chance(scenario.seed, 'batches');
    this.#database = new SimulatedDatabase({
      clock,
      batchTakes: () => batches.between(0, scenario.slowestWrite),
      onCommit(writes, commit) {
        laws.beforeCommit(committed, writes);
        commit();
        committed.apply(writes);
        laws.afterCommit(committed);
      },
      onBatch: (epoch, number) => this.#lease.checkBatch(epoch, number),
      onTaken: ({ epoch }) => {
        this.takeOvers += 1;
        laws.beginLife();
        world.trace(`database: epoch ${epoch} begins`);
      },
    });
    this.#lease = new LeaseLaw(world, this.#database);
    this.#members = plan.machines.map(({ aheadBy, rate }, index) => {
      const system = index === 0 && rate === 1 ? world.system : new SettableTime(clock, rate);
      system.aheadBy = aheadBy;
      const [toDatabase, toWorld] = [new Road(clock), new Road(clock)];
      const isTroubled = () => clock.now() < this.#began + plan.troubledUntil;
      const server = new SimulatedServer({
        ...{ database: this.#database, clock, roads: [toDatabase, toWorld] },
        chance: new Chance(scenario.seed, `statements of controller ${index + 1}`),
        chances: () => (isTroubled() ? plan.statements : null),
      });
      const seat = new ControllerSeat({
        ...{ number: index + 1, plan, system, laws, lease: this.#lease, server, toDatabase, toWorld, clock },
        chance: new Chance(scenario.seed, `network of controller ${index + 1}`),
        began: this.#began,
      });
      return { seat, lives: new DaemonLives(world, openCommitted, seat) };
    });
  }

  get count(): number {
    return this.#members.reduce((sum, { lives }) => sum + lives.count, 0);
  }

  get isUp(): boolean {
    return this.#active?.lives.isUp === true;
  }

  get isAwake(): boolean {
    return this.#active?.lives.isAwake === true;
  }

  start(): void {
    const { clock } = this.#world;
    forgetListeners();
    this.#members.forEach(({ lives }, index) => {
      void clock.sleepUntil(clock.now() + index * APART).then(() => lives.start());
    });
    for (const incident of this.#plan.incidents) {
      this.#incidents += 1;
      if (incident.what === 'databaseRestored') {
        void this.#restore(incident);
        continue;
      }
      void clock.sleepUntil(clock.now() + incident.at).then(() => this.#befall(incident));
    }
    void this.#watch();
  }

  /** The controller that has the lease; null when nobody has. */
  get #active(): Member | null {
    return this.#members.find(({ lives }) => this.#database.isHeldBy(lives.life)) ?? null;
  }

  #who(who: Who): Member | null {
    return who === 'active' ? this.#active : (this.#members[who] ?? null);
  }

  /** The one that a person would turn to. */
  get #reached(): DaemonLives | null {
    const takers = this.#members.filter(
      ({ seat, lives }) => lives.isListening && lives.isAwake && !seat.toWorld.isCut,
    );
    return takers.length === 0 ? null : this.#chance.pick(takers).lives;
  }

  async #restore({ at, lasts }: ControllerIncident): Promise<void> {
    const { clock, committed, trace } = this.#world;
    await clock.sleepUntil(clock.now() + Math.max(0, at - lasts));
    const restore = this.#database.backUp();
    await clock.sleepUntil(this.#began + at);
    trace(`database: restored as it was ${lasts} ms ago`);
    for (const { lives } of this.#members) lives.kill(AFTER_RESTORE);
    this.#database.stop();
    committed.apply(restore());
    this.#database.start();
    this.#incidents -= 1;
  }

  #befall(incident: Exclude<ControllerIncident, { what: 'databaseRestored' }>): void {
    const { clock, trace } = this.#world;
    trace(`controllers: ${JSON.stringify(incident)}`);
    const { lasts } = incident;
    void clock.sleepUntil(clock.now() + lasts).then(() => {
      this.#incidents -= 1;
    });
    if (incident.what === 'databaseStops') {
      this.#database.stop();
      void clock.sleepUntil(clock.now() + lasts).then(() => this.#database.start());
      return;
    }
    const member = this.#who(incident.who);
    if (!member) return;
    const { seat, lives } = member;
    switch (incident.what) {
      case 'cutFromDatabase':
        seat.toDatabase.cutFor(lasts);
        break;
      case 'cutOff':
        seat.toWorld.cutFor(lasts);
        break;
      case 'frozen':
        void lives.sleep(lasts, incident.isCounted);
        break;
      case 'killed':
        lives.kill(lasts);
        break;
      case 'handsOver':
        void lives.restart(lasts);
        break;
    }
  }

  async #watch(): Promise<void> {
    const { clock } = this.#world;
    for (;;) {
      await clock.sleepUntil(clock.now() + 1_000);
      this.#lease.look();
    }
  }

  async restart(downMs: number): Promise<void> {
    await this.#active?.lives.restart(downMs);
  }

  reload(): void {
    for (const { lives } of this.#members) lives.reload();
  }

  /** That of the active controller. */
  async readiness(): Promise<Readiness | null> {
    return (await this.#active?.lives.readiness()) ?? null;
  }

  async order(path: string): Promise<void> {
    await this.#reached?.order(path);
  }

  async sleep(ms: number, isCounted: boolean): Promise<void> {
    await this.#active?.lives.sleep(ms, isCounted);
  }

  takeWebhook: SendWebhook = async (request) => {
    const taker = this.#reached ?? this.#members[0]?.lives;
    if (!taker) throw new Error('ECONNREFUSED');
    return taker.takeWebhook(request);
  };

  left(): string[] {
    const inbox = [...this.#world.committed.rows.keys()].filter((key) => key.startsWith('!inbox!'));
    return [
      ...inbox.map((key) => `every acknowledged delivery leads to its job: ${key} is in the inbox`),
      ...(this.#incidents > 0 ? ['something is still to happen to the controllers'] : []),
      ...this.#members
        .filter(({ lives }) => !lives.isUp)
        .map(({ seat }) => `every controller comes back: ${seat.name} is not up`),
    ];
  }

  end(): void {
    for (const { lives } of this.#members) lives.end();
  }
}
