import type { AgentClient } from '../../agent/agent-client.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Milliseconds: an agent tells its uptime in whole seconds. */
const ROUNDED = 2_000;

/**
 * Proves that a create whose answer was lost has no effect any more: its agent was restarted since, which ends whatever
 * it was doing, and a list after that does not show the VM. False when nothing is proven.
 */
export async function appearsNoMore(
  { clock, creates }: Pick<EffectWorld, 'clock' | 'creates'>,
  client: AgentClient,
  vmName: string,
  signal: AbortSignal,
): Promise<boolean> {
  const sentAt = creates.sentAt(vmName);
  if (sentAt === null) return false;
  const { uptime } = await client.health({ signal });
  if (clock.now() - uptime * 1000 <= sentAt + ROUNDED) return false;
  return (await client.findVms(vmName, { signal })).length === 0;
}
