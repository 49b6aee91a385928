import { DaemonError } from '../errors.ts';

/** The agent's route of one VM, or of something below it. */
export function vmPath(id: string, below = ''): string {
  return `/vms/${identifier(id)}${below}`;
}

/** The agent's route of one image pull. */
export function pullPath(id: string): string {
  return `/images/pull/operations/${identifier(id)}`;
}

/** Refuses what is no identifier of the agent's: an empty one would turn a VM's route into that of all VMs. */
function identifier(id: string): string {
  if (/^[0-9A-Za-z-]+$/.test(id)) return id;
  throw new DaemonError('AGENT_REQUEST_REFUSED', `"${id}" is not an identifier of the agent.`);
}
