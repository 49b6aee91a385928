import { assign } from 'xstate';
import { withFailure } from '../../effect-ends.ts';
import { guestOf, runnerOf, runnerRefOf, vmOf } from '../context.ts';
import type { JobSetup } from '../setup.ts';
import { to } from './goals.ts';
import { withTheRunner } from './outside-facts.ts';
import { phaseDeadline, retried } from './phase-waits.ts';

/**
 * From the launch on, GitHub may give this runner a job at any moment. So an attempt that fails here is
 * retired, not torn down (law 5), unless the runner process is known to have ended.
 */
const onRunnerError = [
  { guard: withFailure('may the effect be retried'), target: 'waiting', actions: withFailure('noteFailure') },
  { guard: withFailure('is the effect blocked'), target: 'waiting', actions: withFailure('noteFailure') },
  {
    guard: withFailure('has the runner ended'),
    target: to('tearingDown'),
    actions: withFailure('giveUpAttempt'),
  },
  { target: to('running.retiring'), actions: withFailure('giveUpAttempt') },
] as const;

export function runnerOnline(s: JobSetup) {
  const outOfTime = {
    target: to('running.retiring'),
    actions: { type: 'giveUpOnTime', params: { doing: 'Bringing the runner online' } },
  } as const;

  return s.createStateConfig({
    initial: 'launching',
    description: 'The runner is started in the guest and seen online by GitHub.',
    tags: ['holdsSlot', 'mayBeBusy'],
    on: {
      'job.started': { target: to('running.busy'), actions: 'markStarted' },
      ...withTheRunner,
      'vm.vanished': {
        target: to('tearingDown'),
        actions: {
          type: 'failAttempt',
          params: {
            code: 'VM_VANISHED',
            message: 'The VM disappeared from its host while its runner came online.',
          },
        },
      },
    },
    invoke: phaseDeadline(outOfTime),
    states: {
      launching: retried(
        s,
        'The runner is started in the guest so that it outlives this connection.',
        s.createStateConfig({
          invoke: {
            id: 'launchRunner',
            src: 'launchRunner',
            input: ({ context }) => ({
              ...guestOf(context),
              ...runnerRefOf(context),
              profile: vmOf(context).profile,
              mode: runnerOf(context).mode,
            }),
            onDone: to('runnerOnline.confirming'),
            onError: [
              {
                guard: withFailure('is the runner config lost'),
                target: to('jitConfig'),
                actions: 'takeRunnerName',
              },
              ...onRunnerError,
            ],
          },
        }),
      ),
      confirming: retried(
        s,
        'Guest and GitHub are asked until both see the runner online.',
        s.createStateConfig({
          invoke: {
            id: 'confirmOnline',
            src: 'confirmOnline',
            input: ({ context }) => ({ ...guestOf(context), ...runnerRefOf(context) }),
            onDone: {
              target: to('running.idle'),
              actions: [
                assign(({ context, event }) => ({
                  runner: { ...runnerOf(context), id: event.output.runnerId },
                })),
                'beginRunning',
              ],
            },
            onError: onRunnerError,
          },
        }),
      ),
    },
  });
}
