import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';
import type { StoredWorld } from './stored-world.ts';

/** Which VM and which runner had each of our names, in a world that continues from a stored one (law 2). */
export class NamesBorne {
  readonly twice: string[] = [];
  readonly #bearers = new Map<string, string>();

  constructor({ goneNames }: StoredWorld) {
    for (const name of goneNames) {
      for (const kind of ['VM', 'runner']) this.#bearers.set(`${kind} ${name}`, 'gone');
    }
  }

  look({ macs, github }: SimulatedWorld): void {
    for (const { agent } of macs.values()) {
      for (const { name, id } of agent.vms.values()) this.#see('VM', name, id);
    }
    for (const { name, id } of github.runners.values()) this.#see('runner', name, String(id));
  }

  #see(kind: string, name: string, id: string): void {
    if (!isOurs(name)) return;
    const borne = `${kind} ${name}`;
    const bearer = this.#bearers.get(borne) ?? id;
    this.#bearers.set(borne, bearer);
    if (bearer !== id && !this.twice.includes(borne)) this.twice.push(borne);
  }
}
