import { DaemonError } from '../errors.ts';
import { isErrorResponse } from './agent-failure.ts';
import type { AgentRequest } from './agent-transport.ts';

/** Longer than the longest step that the agent bounds itself (600 s to grow a disk), for calls that change something. */
export const CHANGE_TIMEOUT_MS = 11 * 60_000;

/** Bytes of a response without a fixed size: the screen of a VM, or what a command in a guest printed. */
const LARGE = 32 * 2 ** 20;

/** Returns the same call with a limit for large responses. */
export function large(request: AgentRequest): AgentRequest {
  return { ...request, maxBytes: LARGE };
}

/** Returns a call that only reads; `what` is its purpose, as a verb and its object. */
export function get(what: string, path: string, signal: AbortSignal | undefined): AgentRequest {
  return { what, method: 'GET', path, signal };
}

/** Returns a call that changes something, and may take long. */
export function change(
  what: string,
  method: string,
  path: string,
  signal: AbortSignal | undefined,
): AgentRequest {
  return { what, method, path, signal, timeoutMs: CHANGE_TIMEOUT_MS };
}

/** Returns the response, or null when the agent responds with a 404 of this code. */
export async function nullWhenGone<T>(response: Promise<T>, code: string): Promise<T | null> {
  try {
    return await response;
  } catch (error) {
    if (isErrorResponse(error, 404, code)) return null;
    throw error;
  }
}

/** Returns the agent's route of one VM, or of something below it. */
export function vmPath(id: string, below = ''): string {
  return `/vms/${identifier(id)}${below}`;
}

/** Returns the agent's route of one image pull. */
export function pullPath(id: string): string {
  return `/images/pull/operations/${identifier(id)}`;
}

/**
 * Throws when the text is not an identifier of the agent: an empty one would turn the route of one VM into
 * that of all VMs.
 */
function identifier(id: string): string {
  if (/^[0-9A-Za-z-]+$/.test(id)) return id;
  throw new DaemonError('AGENT_REQUEST_REFUSED', `"${id}" is not an identifier of the agent.`);
}
