import type { AgentClient } from '../../agent/agent-client.ts';
import type { EffectWorld } from '../effect-world.ts';

/** Milliseconds: an agent reports its uptime in whole seconds. */
const ROUNDED = 2_000;

/**
 * Proves that a create whose response was lost can no longer take effect: its agent was restarted since,
 * which ended the create, and a list after that does not show the VM. A lower uptime proves a restart,
 * whatever any clock says; the clock must agree that it was after the create, since the uptime was read
 * before that. Returns false when nothing is proven.
 */
export async function appearsNoMore(
  { clock, creates }: Pick<EffectWorld, 'clock' | 'creates'>,
  client: AgentClient,
  vmName: string,
  signal: AbortSignal,
): Promise<boolean> {
  const before = creates.uptimeAtSend(vmName);
  const sentAt = creates.sentAt(vmName);
  if (before === null || sentAt === null) return false;
  const { uptime } = await client.health({ signal });
  const wasRestarted = uptime < before && clock.now() - uptime * 1000 > sentAt + ROUNDED;
  return wasRestarted && (await client.findVms(vmName, { signal })).length === 0;
}
