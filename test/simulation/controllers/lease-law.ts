import type { SimulatedWorld } from '../simulated-world.ts';
import type { SimulatedDatabase } from './simulated-database.ts';

/**
 * One controller is active at a time, and it alone writes, judged from the database and from what reaches the world.
 */
export class LeaseLaw {
  readonly #world: SimulatedWorld;
  readonly #database: SimulatedDatabase;
  /** Of the last batch. */
  #batch = { epoch: 0, number: 0 };

  constructor(world: SimulatedWorld, database: SimulatedDatabase) {
    this.#world = world;
    this.#database = database;
  }

  epochOf(life: unknown): number | null {
    return this.#database.isHeldBy(life) ? this.#database.lease.epoch : null;
  }

  /** A request leaves a process now. */
  checkRequest(life: unknown, name: string, what: string): void {
    if (this.#database.isHeldBy(life)) return;
    this.#world.broken.note(
      'one controller is active at a time',
      `${what} leaves ${name}, whose lease has ended in the database`,
    );
  }

  /** A batch is about to be committed. */
  checkBatch(epoch: number, number: number): void {
    const { broken } = this.#world;
    if (epoch !== this.#database.lease.epoch)
      broken.note('only the active controller writes', `a batch of epoch ${epoch}, which is over`);
    if (epoch === this.#batch.epoch && number <= this.#batch.number)
      broken.note('a batch is written once, in its turn', `batch ${number} came after ${this.#batch.number}`);
    this.#batch = { epoch, number };
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
