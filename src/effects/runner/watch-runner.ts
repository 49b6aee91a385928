import { isAtRest } from '../../agent/vm-state.ts';
import { hasCode } from '../../errors.ts';
import { effect } from '../effect.ts';
import type { EffectWorld } from '../effect-world.ts';
import { withGuest } from '../guest/with-guest.ts';
import { runnerEnded } from './runner-ended.ts';

/** Failures that also occur when the VM is gone. */
const OF_A_LOST_GUEST = [
  'GUEST_UNREACHABLE',
  'GUEST_IDENTITY_CHANGED',
  'GUEST_LOGIN_REFUSED',
  'SSH_NOT_READY',
  'SSH_FORWARDING_FAILED',
  'VM_NOT_FOUND',
  'VM_VANISHED',
] as const;

/**
 * Resolves when the runner took a job (`until: 'activity'`), when its process ended, or when its VM is gone. One script
 * waits in the guest, so nothing is polled. A lost connection rejects, and the machine orders the effect again.
 */
export const watchRunner = effect('watchRunner', async (world, input, signal) => {
  const { host, vmId, runnerName, until } = input;
  try {
    const status = await withGuest(world, input, signal, (guest) => guest.watch(runnerName, until));
    if (status.process === 'running') return { ended: 'tookJob', failure: null };
    if (await vmIsGone(world, host, vmId, signal)) return { ended: 'vanished', failure: null };
    const result = status.finishedJob ? status.result : null;
    return { ended: 'exited', failure: runnerEnded(runnerName, status), ...(result && { result }) };
  } catch (error) {
    if (!hasCode(error, ...OF_A_LOST_GUEST)) throw error;
    if (await vmIsGone(world, host, vmId, signal)) return { ended: 'vanished', failure: null };
    throw error;
  }
});

/**
 * Returns whether the agent says that the VM is gone. A guest that cannot be reached proves nothing: it may be working.
 */
export async function vmIsGone(world: EffectWorld, host: string, vmId: string, signal: AbortSignal) {
  const state = await world.agent(host).vmState(vmId, { signal });
  return state === null || isAtRest(state);
}
