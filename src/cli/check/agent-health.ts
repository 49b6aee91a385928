import type { AgentClient } from '../../agent/agent-client.ts';
import { DaemonError, hasCode } from '../../errors.ts';

/**
 * Asks an agent for its health, which each has. An answer that no agent gives is told as one of another program, and not
 * as a call that is wrong, as it would be anywhere else. Throws a DaemonError.
 */
export async function agentHealth(agent: AgentClient): ReturnType<AgentClient['health']> {
  try {
    return await agent.health();
  } catch (error) {
    if (!hasCode(error, 'AGENT_REQUEST_REFUSED', 'AGENT_ERROR')) throw error;
    const { status, code } = (error.cause ?? {}) as { status?: number; code?: string };
    // Of an agent, or of a proxy in front of one.
    if (code || (status !== undefined && status >= 500)) throw error;
    throw new DaemonError(
      error.failure.code,
      `What answers at ${agent.baseUrl} is not a Jeballto Agent: correct base_url. It ends in /v1, and the agent's port is 8011 unless its owner chose another.`,
    );
  }
}
