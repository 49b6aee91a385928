import type { AgentClient } from '../../agent/agent-client.ts';
import type { EffectWorld } from '../effect-world.ts';

/**
 * Proves that a create whose response was lost can no longer take effect: its agent was restarted since,
 * which ended the create, and a list after that does not show the VM. A lower uptime proves a restart,
 * whatever any clock says. Returns false when nothing is proven.
 */
export async function appearsNoMore(
  { creates }: Pick<EffectWorld, 'creates'>,
  client: AgentClient,
  vmName: string,
  signal: AbortSignal,
): Promise<boolean> {
  const before = await creates.uptimeAtSend(vmName);
  if (before === null) return false;
  const { uptime } = await client.health({ signal });
  return uptime < before && (await client.findVms(vmName, { signal })).length === 0;
}
