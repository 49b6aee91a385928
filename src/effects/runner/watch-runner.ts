import type { JobEffects } from '../../../machines/job/effects.ts';
import { isAtRest } from '../../agent/vm-state.ts';
import { hasCode } from '../../errors.ts';
import { watchRunner as watch } from '../../guest/scripts/watch.ts';
import type { Effect, EffectWorld } from '../effect-world.ts';
import { withGuest } from '../guest/with-guest.ts';
import { runnerEnded } from './runner-ended.ts';

/**
 * Resolves when the runner took a job (`until: 'activity'`), when its process ended, or when its VM is gone.
 * One waiting command in the guest does the watching, so nothing is polled; a lost connection rejects, and the
 * machine looks again.
 */
export const watchRunner: Effect<
  JobEffects['watchRunner']['input'],
  JobEffects['watchRunner']['output']
> = async (world, input, signal) => {
  const { host, vmId, runnerName, until } = input;
  try {
    const status = await withGuest(world, input, signal, (session) =>
      watch(session, runnerName, { until, signal }),
    );
    if (status.process === 'running') return { ended: 'tookJob', failure: null };
    if (await vmIsGone(world, host, vmId, signal)) return { ended: 'vanished', failure: null };
    return { ended: 'exited', failure: runnerEnded(runnerName, status) };
  } catch (error) {
    if (!hasCode(error, 'GUEST_UNREACHABLE', 'GUEST_IDENTITY_CHANGED', 'GUEST_LOGIN_REFUSED')) throw error;
    if (await vmIsGone(world, host, vmId, signal)) return { ended: 'vanished', failure: null };
    throw error;
  }
};

/** Only the agent's own word counts: an unreachable guest may be hard at work. */
export async function vmIsGone(world: EffectWorld, host: string, vmId: string, signal: AbortSignal) {
  const state = await world.agent(host).vmState(vmId, { signal });
  return state === null || isAtRest(state);
}
