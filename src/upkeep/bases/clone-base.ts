import type { VmImage } from '../../../machines/job/context.ts';
import type { AgentClient } from '../../agent/agent-client.ts';
import { isErrorResponse } from '../../agent/agent-failure.ts';
import type { AgentVm } from '../../agent/agent-responses.ts';
import type { VmSizes } from '../../agent/size-vm.ts';
import { DaemonError, hasCode } from '../../errors.ts';
import type { BaseVm, BaseVms } from './base-vms.ts';

/** Failures that say nothing about the base: a create from the image would have failed in the same way. */
const TEMPORARY = ['HOST_BUSY', 'HOST_MAINTENANCE', 'AGENT_TOKEN_REFUSED'] as const;

/**
 * Makes a VM by this name as a copy of the base, with its size and its lifetime in the same call. Every
 * failure is counted. After one that is not temporary, which is thrown as BASE_UNUSABLE, the next try uses
 * the image: it looks by name first, as after any create, so no VM is made twice. An error after which the
 * outcome is unknown is thrown unchanged.
 */
export async function cloneBase(
  client: AgentClient,
  bases: BaseVms,
  base: BaseVm & { state: 'ready' },
  {
    host,
    vmName,
    profile,
    image,
    sizes: { cpu, memory, disk },
    lifetimeSeconds,
  }: {
    host: string;
    vmName: string;
    profile: string;
    image: VmImage | null;
    sizes: VmSizes;
    lifetimeSeconds: number;
  },
): Promise<AgentVm> {
  const resources = {
    ...(cpu !== null && { cpuCount: cpu }),
    ...(memory !== null && { memorySize: memory }),
    ...(disk !== null && { diskSize: disk }),
  };
  const spec = { name: vmName, resources, ephemeral: true, lifetimeSeconds };
  try {
    return await bases.whileCloning(base.vmId, () => client.cloneVm(base.vmId, spec));
  } catch (error) {
    if (hasCode(error, ...TEMPORARY)) {
      bases.cloneFailed(vmName, 'temporary');
      throw error;
    }
    const trouble = await troubleOf(client, base, error);
    if (trouble === 'busy') {
      bases.cloneFailed(vmName, 'temporary');
      throw error;
    }
    bases.cloneFailed(vmName, 'permanent');
    if (trouble === null) throw error;
    bases.set(host, profile, image, { state: 'none', why: `${base.name} ${trouble}` });
    throw new DaemonError(
      'BASE_UNUSABLE',
      `${vmName} cannot be cloned on ${host}: its base ${base.name} ${trouble}. The VM is created from its image instead.`,
      { cause: error },
    );
  }
}

/**
 * Returns why the base cannot be cloned; null when the outcome is unknown. `busy`: another clone of it is
 * being made; the agent does not queue a second one but rejects it, with the same code as for a VM in the
 * wrong state. An unknown route and an unknown VM also share one code.
 */
async function troubleOf(
  client: AgentClient,
  { vmId }: BaseVm & { state: 'ready' },
  error: unknown,
): Promise<string | null> {
  if (!(error instanceof DaemonError)) return null;
  const { code, message } = error.failure;
  if (code === 'HOST_UNREACHABLE' || code === 'AGENT_ERROR' || code === 'UNEXPECTED') return null;
  if (isErrorResponse(error, 405, 'METHOD_NOT_ALLOWED')) return NO_ROUTE;
  if (code !== 'VM_BUSY' && code !== 'VM_NOT_FOUND') return `was refused (${message.replace(/\.$/, '')})`;
  const state = await client.vmState(vmId).catch(() => 'stopped');
  if (state === null) return 'is gone';
  if (code === 'VM_NOT_FOUND') return NO_ROUTE;
  return state === 'stopped' ? 'busy' : `is ${state}`;
}

const NO_ROUTE = 'cannot be used, since the agent can no longer clone';
