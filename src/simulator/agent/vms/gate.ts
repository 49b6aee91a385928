import { invalidState } from '../refusal.ts';

/**
 * Allows one changing operation at a time for each VM; a second one is refused at once, never queued. It is
 * claimed before the VM is looked up, so "busy" comes before "unknown".
 */
export class Gate {
  private readonly holders = new Map<string, { operation: string }>();

  /** Runs `work` as the holder of this VM. Throws 409 INVALID_STATE when another operation holds it. */
  async holding<T>(vmId: string, operation: string, work: () => Promise<T>): Promise<T> {
    const other = this.holders.get(vmId);
    if (other) {
      throw invalidState(`Cannot ${operation} VM: operation '${other.operation}' is already in progress`);
    }
    const claim = { operation };
    this.holders.set(vmId, claim);
    try {
      return await work();
    } finally {
      // After a restart of the agent the claim may belong to another operation.
      if (this.holders.get(vmId) === claim) this.holders.delete(vmId);
    }
  }

  isHeld(vmId: string): boolean {
    return this.holders.has(vmId);
  }

  clear(): void {
    this.holders.clear();
  }
}
