import { assign } from 'xstate';
import { withFailure } from '../../effect-ends.ts';
import { sentences } from '../../sentences.ts';
import { guestOf, runnerOf, runnerRefOf, vmOf } from '../context.ts';
import type { JobSetup } from '../vocabulary/setup.ts';
import { to } from './goals.ts';
import { withTheRunner } from './outside-facts.ts';
import { phaseDeadline, retried } from './phase-waits.ts';

/**
 * From the launch on, GitHub may give this runner a job at any moment. So the runner of an attempt that fails here is
 * retired and not torn down (law 5), unless its process is known to have ended.
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

const RETRIES =
  "A failed try is repeated after a pause, which an operator's retry ends; there is no deadline but that of `runnerOnline`.";
const FAILURES =
  'If the runner process has ended, this leads to `tearingDown`; any other failure that a retry cannot fix leads to `running.retiring`.';

export function runnerOnline(s: JobSetup) {
  const outOfTime = {
    target: to('running.retiring'),
    actions: { type: 'giveUpOnTime', params: { doing: 'Bringing the runner online' } },
  } as const;

  return s.createStateConfig({
    initial: 'launching',
    description: sentences(
      'Entered when the runner has its configuration.',
      'The runner is started and then awaited until it is online; success leads to `running.idle`.',
      'From now on GitHub may give the runner a job: a job that starts on it leads to `running.busy`, and one that ends on it to `running.finishing`, also when it comes by exchange.',
      'The deadline, a lost or drained host, and a job that ended elsewhere, is taken by another runner, cancelled or no longer servable lead to `running.retiring`; a vanished VM leads to `tearingDown`.',
      'A queued job of the same profile can come by exchange; any other exchange leads to `running.retiring`.',
    ),
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
        sentences(
          'Entered from `jitConfig`.',
          'The runner is started in the guest so that it does not end with the SSH connection; success leads to `confirming`.',
          'If its configuration is no longer in memory, this leads to `jitConfig` under the next runner name.',
          RETRIES,
          FAILURES,
        ),
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
        sentences(
          'Entered when the runner was started.',
          'The guest says when the runner listens for jobs, then GitHub whether it is online; if it is, or if it already took a job, this leads to `running.idle`.',
          RETRIES,
          FAILURES,
        ),
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
