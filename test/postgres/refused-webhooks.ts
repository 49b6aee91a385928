import { redeliver } from '../../src/simulator/github/webhooks/deliveries.ts';
import type { Delivery } from '../../src/simulator/github/webhooks/delivery-log.ts';
import type { Scenario } from '../scenarios/scenario.ts';

/** Webhooks that no controller acknowledged, such as one under way when its receiver was killed. */
export class RefusedWebhooks {
  readonly #world: Scenario['github']['world'];
  /** How many tries were logged when GitHub was asked to send it again, by GUID. */
  readonly #asked = new Map<string, number>();

  constructor({ github }: Scenario) {
    this.#world = github.world;
  }

  /** How many were sent again. */
  get count(): number {
    return this.#asked.size;
  }

  /** As an operator does it on the webhook's page at GitHub: the daemon itself asks after minutes. */
  sendAgain(): void {
    const tries = new Map<string, Delivery[]>();
    for (const hook of this.#world.hooks.values())
      for (const one of this.#world.deliveries.of(hook, this.#world.clock.now()))
        tries.set(one.guid, [...(tries.get(one.guid) ?? []), one]);
    for (const [guid, all] of tries) {
      const isKept = all.some(
        ({ statusCode }) => statusCode !== null && statusCode >= 200 && statusCode < 300,
      );
      const [newest] = all;
      if (isKept || !newest || all.length === this.#asked.get(guid)) continue;
      this.#asked.set(guid, all.length);
      redeliver(this.#world, newest);
    }
  }
}
