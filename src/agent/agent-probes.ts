import { failureOf } from '../../machines/failure.ts';
import { isErrorResponse } from './agent-failure.ts';
import { change, get, vmPath } from './agent-requests.ts';
import type { AgentTransport } from './agent-transport.ts';

/** A well-formed id that does not belong to any VM. */
const NO_VM = '00000000-0000-0000-0000-000000000000';

/** Sends a request as it is. */
type Transport = Pick<AgentTransport, 'bytes'>;

/**
 * The request is a change of what cannot be changed: an agent in maintenance refuses it as a change, any other one as
 * wrong.
 */
export async function isInMaintenance(
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const what = 'ask whether it takes changes';
  try {
    await transport.bytes({ ...get(what, '/auth/verify', signal), method: 'POST' });
    return false;
  } catch (error) {
    const { code } = failureOf(error);
    if (code === 'AGENT_REQUEST_REFUSED' || code === 'HOST_MAINTENANCE') return code === 'HOST_MAINTENANCE';
    throw error;
  }
}

/**
 * The request is for a VM that cannot exist and has a body without a name: an agent with the route rejects the body,
 * an older one rejects the path, and neither makes a VM.
 */
export async function offersClone(transport: Transport, signal: AbortSignal | undefined): Promise<boolean> {
  const request = change('ask whether it can clone', 'POST', vmPath(NO_VM, '/clone'), signal);
  try {
    await transport.bytes({ ...request, body: {} });
    return false;
  } catch (error) {
    if (isErrorResponse(error, 400, 'INVALID_REQUEST')) return true;
    if (isErrorResponse(error, 404, 'NOT_FOUND') || isErrorResponse(error, 405, 'METHOD_NOT_ALLOWED'))
      return false;
    throw error;
  }
}
