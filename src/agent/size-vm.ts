import type { AgentClient } from './agent-client.ts';
import type { AgentVm } from './agent-responses.ts';

/** Null leaves a size as the image has it; memory and disk in bytes. */
export interface VmSizes {
  cpu: number | null;
  memory: number | null;
  disk: number | null;
}

/** Gives a stopped VM the sizes of its profile. Calls the agent only when a size differs. */
export async function sizeVm(
  client: AgentClient,
  { id, resources }: AgentVm,
  { cpu, memory, disk }: VmSizes,
  signal: AbortSignal,
): Promise<void> {
  const wanted = {
    ...(cpu !== null && cpu !== resources.cpuCount && { cpuCount: cpu }),
    ...(memory !== null && memory !== resources.memorySize && { memorySize: memory }),
    ...(disk !== null && disk !== resources.diskSize && { diskSize: disk }),
  };
  if (Object.keys(wanted).length > 0) await client.updateVm(id, wanted, { signal });
}
