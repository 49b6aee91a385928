import type { AgentClient } from '../agent/agent-client.ts';
import type { AgentHealth } from '../agent/agent-responses.ts';

/**
 * How many VMs an agent runs at once. This is a constant of its program, so the agent is asked when its version is new
 * or when it was restarted, and not at each look.
 */
export class SlotLimit {
  readonly #client: Pick<AgentClient, 'capabilities'>;
  #known: { version: string; uptime: number; slots: number } | null = null;

  constructor(client: Pick<AgentClient, 'capabilities'>) {
    this.#client = client;
  }

  /** `health`: what the agent says just now. Throws as the agent's client does. */
  async of({ version, uptime }: AgentHealth, signal: AbortSignal): Promise<number> {
    const known = this.#known;
    const isSame = known !== null && known.version === version && known.uptime <= uptime;
    const slots = isSame ? known.slots : (await this.#client.capabilities({ signal })).maxConcurrentVMs;
    this.#known = { version, uptime, slots };
    return slots;
  }
}
