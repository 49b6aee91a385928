import type { Clock } from '../../clock.ts';
import { timestamp } from './identifiers.ts';

/** Events that the agent keeps for all VMs together; older ones are dropped. */
const RING_SIZE = 1000;

export interface AgentEvent {
  timestamp: string;
  type: string;
  vmId: string | null;
  /** All values are strings, even a port. */
  data: Record<string, string> | null;
}

/** The agent's one ring of events: in memory, shared by all VMs, empty after a restart. */
export class EventRing {
  private readonly clock: Clock;
  private events: AgentEvent[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  publish(type: string, vmId: string, data: Record<string, string> | null = null): void {
    this.events.push({ timestamp: timestamp(this.clock.now()), type, vmId, data });
    if (this.events.length > RING_SIZE) this.events.shift();
  }

  /** The newest `limit` events of a VM, oldest first. */
  of(vmId: string, limit: number): AgentEvent[] {
    return this.events.filter((event) => event.vmId === vmId).slice(-limit);
  }

  clear(): void {
    this.events = [];
  }
}
