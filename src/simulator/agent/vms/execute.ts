import { type AgentWorld, vmById } from '../agent-world.ts';
import type { GuestCommand } from '../hypervisor.ts';
import { invalidState, Refusal } from '../refusal.ts';

/** Most bytes of each stream in a response. */
const MAX_OUTPUT = 5 * 1024 * 1024;

export type ExecuteRequest = GuestCommand & { timeoutSeconds: number };

/**
 * Runs a command in a guest over SSH, without the VM's gate. A failure of SSH is a result too, with exit code
 * 255. Throws 409 INVALID_STATE or SSH_NOT_CONFIGURED before it connects, and 504 EXECUTE_TIMEOUT after the
 * deadline.
 */
export async function executeInGuest(
  world: AgentWorld,
  id: string,
  request: ExecuteRequest,
  signal: AbortSignal,
) {
  const vm = vmById(world, id);
  if (vm.state !== 'running') throw invalidState('VM must be running for command execution');
  const port = vm.power?.forward?.port;
  if (port === undefined) {
    throw new Refusal(409, 'SSH_NOT_CONFIGURED', 'SSH port not configured for this VM');
  }
  const finished = new AbortController();
  const expired = new AbortController();
  const { timeoutSeconds } = request;
  const timeout = new Refusal(504, 'EXECUTE_TIMEOUT', `Command timed out after ${timeoutSeconds} seconds`);
  world.clock.sleepUntil(world.clock.now() + timeoutSeconds * 1000, finished.signal).then(
    () => expired.abort(timeout),
    () => undefined,
  );
  try {
    const either = AbortSignal.any([signal, expired.signal]);
    const result = await world.hypervisor.execute(port, request, either);
    return {
      vmId: vm.id,
      exitCode: result.exitCode,
      stdout: result.stdout.slice(0, MAX_OUTPUT),
      stderr: result.stderr.slice(0, MAX_OUTPUT),
      stdoutTruncated: result.stdout.length > MAX_OUTPUT,
      stderrTruncated: result.stderr.length > MAX_OUTPUT,
    };
  } catch (error) {
    if (expired.signal.aborted) throw timeout;
    throw error;
  } finally {
    finished.abort();
  }
}
