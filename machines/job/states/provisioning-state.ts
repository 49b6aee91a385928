import { withFailure } from '../../effect-ends.ts';
import { invokeWait } from '../../waits.ts';
import type { JobContext } from '../context.ts';
import type { JobPolicy } from '../policy.ts';
import type { JobSetup, StateConfig } from '../setup.ts';
import { to } from './goals.ts';
import { beforeTheRunner } from './outside-facts.ts';
import { pausing, phaseDeadline, retryWait } from './phase-waits.ts';

/** What every rejected effect of a provisioning state leads to. */
export const onEffectError = [
  { guard: withFailure('may the effect be retried'), target: 'waiting', actions: withFailure('noteFailure') },
  { guard: withFailure('is the effect blocked'), target: 'blocked', actions: withFailure('noteFailure') },
  { target: to('tearingDown'), actions: withFailure('giveUpAttempt') },
] as const;

/**
 * The shape that all provisioning states share: acting ⇄ waiting within the phase's deadline, and `blocked`
 * while something that is nobody's failure is in the way (a full host, a rate limit), where no deadline runs.
 */
export function provisioningState(
  s: JobSetup,
  phase: { timeout: keyof JobPolicy['timeouts']; doing: string; description: string },
  acting: StateConfig,
) {
  const outOfTime = {
    target: to('tearingDown'),
    actions: { type: 'giveUpOnTime', params: { doing: phase.doing } },
  } as const;
  const deadline = phaseDeadline(outOfTime);
  const unblocked = {
    target: 'acting',
    actions: { type: 'resumePhase', params: { timeout: phase.timeout } },
  } as const;

  const moveOn = {
    target: to('tearingDown'),
    actions: {
      type: 'loseAttempt',
      params: {
        code: 'HOST_FULL',
        message: 'The host has no room for the VM and another one has, so the job goes on there.',
      },
    },
  } as const;

  return s.createStateConfig({
    initial: 'acting',
    description: phase.description,
    tags: ['holdsSlot', 'takesAnyJob'],
    on: beforeTheRunner,
    states: {
      acting: { ...acting, invoke: [deadline, acting.invoke].flat() as StateConfig['invoke'] },
      waiting: { ...pausing(s, 'acting'), invoke: [deadline, retryWait('acting')] },
      // A deadline that ended in here would leave its ended child in the record, which then cannot be restored.
      blocked: {
        tags: ['waiting', 'needsAttention', ...(phase.timeout === 'starting' ? (['hostFull'] as const) : [])],
        on: {
          'operator.retried': unblocked,
          ...(phase.timeout === 'starting' && { 'host.full': moveOn }),
        },
        invoke: invokeWait('blockedWait', ({ phase }: JobContext) => phase.nextTryAt, unblocked),
      },
    },
  });
}
