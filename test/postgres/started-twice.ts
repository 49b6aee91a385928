import type { Scenario } from '../scenarios/scenario.ts';

/** Milliseconds between two looks: no VM of a job runs for a shorter time. */
const LOOK_EVERY = 50;

/** Watches the running VMs of a world for two of one name: each attempt has a name of its own. */
export class StartedTwice {
  readonly #seen = new Set<string>();
  readonly #names = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor(world: Scenario) {
    const look = () => {
      const running = world.vms().filter(({ state }) => state === 'running');
      const names = running.map(({ name }) => name);
      for (const { id } of running) this.#seen.add(id);
      for (const name of names) if (names.indexOf(name) !== names.lastIndexOf(name)) this.#names.add(name);
    };
    this.#timer = setInterval(look, LOOK_EVERY);
  }

  /** Names that two running VMs had at once. */
  get names(): string[] {
    return [...this.#names];
  }

  /** How many VMs ran. */
  get started(): number {
    return this.#seen.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
