import { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { ScriptedAgent } from './scripted-agent.ts';

export const TOKEN = 'F00DF00D-0000-4000-8000-THE-AGENT-TOKEN';

/** The id of the VM in `vmAnswer`. */
export const ID = '5FE2FD40-9293-4F3F-ABDD-844873B33934';

/** An agent and its client, new for each test. */
export let agent: ScriptedAgent;
export let client: AgentClient;

/** For `beforeEach`. */
export async function start() {
  agent = await new ScriptedAgent().listen();
  client = new AgentClient({ name: 'mac-1', baseUrl: agent.baseUrl, token: TOKEN });
}

/** For `afterEach`. */
export async function stop() {
  await client.close();
  await agent.close();
}

/** The code of the failure that a call ends with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DaemonError)) throw error;
  return error.failure.code;
}
