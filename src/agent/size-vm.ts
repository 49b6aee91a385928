import type { Profile } from '../effects/effect-world.ts';
import type { AgentClient } from './agent-client.ts';
import type { AgentVm } from './agent-vm.ts';

/** Gives a stopped VM the sizes that its profile names, with a call only where one differs. */
export async function sizeVm(
  client: AgentClient,
  { id, resources }: AgentVm,
  { cpu, memory, disk }: Profile,
  signal: AbortSignal,
): Promise<void> {
  const wanted = {
    ...(cpu !== null && cpu !== resources.cpuCount && { cpuCount: cpu }),
    ...(memory !== null && memory !== resources.memorySize && { memorySize: memory }),
    ...(disk !== null && disk !== resources.diskSize && { diskSize: disk }),
  };
  if (Object.keys(wanted).length > 0) await client.updateVm(id, wanted, { signal });
}
