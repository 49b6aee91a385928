import { isRefusal } from './agent-failure.ts';
import type { AgentRequest } from './agent-transport.ts';

/** Longer than the longest step that the agent bounds itself (600 s to grow a disk), for calls that change something. */
export const CHANGE_TIMEOUT_MS = 11 * 60_000;

/** A call that only looks; `what` is its purpose, as a verb and its object. */
export function get(what: string, path: string, signal: AbortSignal | undefined): AgentRequest {
  return { what, method: 'GET', path, signal };
}

/** A call that changes something, and may take its time. */
export function change(
  what: string,
  method: string,
  path: string,
  signal: AbortSignal | undefined,
): AgentRequest {
  return { what, method, path, signal, timeoutMs: CHANGE_TIMEOUT_MS };
}

/** The answer, or null where the agent says by this 404 that there is no such thing. */
export async function nullWhenGone<T>(answer: Promise<T>, code: string): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isRefusal(error, 404, code)) return null;
    throw error;
  }
}
