import type { AgentClient } from '../../agent/agent-client.ts';
import { DaemonError, hasCode } from '../../errors.ts';

/**
 * Asks an agent for its health, a route that every agent has. When the answer is not one of an agent, the
 * error says that another program answers there; elsewhere the same answer means a wrong request. Throws a
 * DaemonError.
 */
export async function agentHealth(agent: AgentClient): ReturnType<AgentClient['health']> {
  try {
    return await agent.health();
  } catch (error) {
    if (!hasCode(error, 'AGENT_REQUEST_REFUSED', 'AGENT_ERROR')) throw error;
    const { status, code } = (error.cause ?? {}) as { status?: number; code?: string };
    // The answer of an agent, or of a proxy in front of one.
    if (code || (status !== undefined && status >= 500)) throw error;
    throw new DaemonError(
      error.failure.code,
      `The program that answers at ${agent.baseUrl} is not a Jeballto Agent: correct base_url. It ends in /v1, and the agent's port is 8011 unless another one was chosen.`,
    );
  }
}
