import type { SimulatedWorld } from '../simulated-world.ts';
import type { SimulatedDatabase } from './simulated-database.ts';

/** One controller is active at a time, judged from the database and from what reaches the world. */
export class LeaseLaw {
  readonly #world: SimulatedWorld;
  readonly #database: SimulatedDatabase;

  constructor(world: SimulatedWorld, database: SimulatedDatabase) {
    this.#world = world;
    this.#database = database;
  }

  /** A request leaves a process now. */
  checkRequest(life: unknown, name: string, what: string): void {
    if (this.#database.isHeldBy(life)) return;
    this.#world.broken.note(
      'one controller is active at a time',
      `${what} leaves ${name}, whose lease has ended in the database`,
    );
  }

  /** A create that arrived late may leave a VM; it must never run beside the other one of its name. */
  look(): void {
    const started = new Map<string, unknown>();
    for (const { vm } of this.#world.ledger.vms) {
      if (!vm.hasBooted) continue;
      if (started.has(vm.name))
        this.#world.broken.note('never two started VMs for one attempt', `${vm.name} was started twice`);
      started.set(vm.name, vm);
    }
  }
}
