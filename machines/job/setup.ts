import { assertEvent, assign } from 'xstate';
import { type Failure, type FailureCode, failure } from '../failure.ts';
import { type Pause, pauseAfter } from '../pause.ts';
import { parseResourceName, resourceName } from '../resource-name.ts';
import { NO_RETRY, vmOf, withLaterStatus } from './context.ts';
import type { JobEffects } from './effects.ts';
import { guardedSetup } from './guards.ts';
import { type JobPolicy, pauseFor } from './policy.ts';

export interface JobMachineOptions {
  policy: JobPolicy;
  /** Epoch ms; every instant in the context is computed from it. */
  now: () => number;
}

/** The vocabulary of the job machine: types, effects, guards and actions, bound to a policy and a clock. */
export function jobSetup({ policy, now }: JobMachineOptions) {
  const after = (pause: Pause, tries: number, retryAt: number | null) =>
    Math.max(retryAt ?? 0, now() + pauseAfter(pause, tries));

  return guardedSetup(policy).extend({
    actions: {
      takeSlot: assign(({ context, event }) => {
        assertEvent(event, 'slot.granted');
        const number = context.job.namesTaken + 1;
        return {
          job: { ...context.job, namesTaken: number },
          vm: {
            name: resourceName(policy.namePrefix, context.job.id, number),
            host: event.host,
            profile: context.job.profile,
            id: null,
            address: null,
            hostKey: null,
            runnerVersion: null,
            expiresAt: null,
            mayAppearUntil: 0,
          },
          failure: null,
        };
      }),
      /** The record that counted the job's numbers is lost, so those that the names show are taken (law 2). */
      adopt: assign(({ context, event }) => {
        assertEvent(event, 'vm.adopted');
        const { vm, runner } = event;
        const taken = [vm.name, runner.name]
          .map((name) => parseResourceName(policy.namePrefix, name))
          .map((named) => (named?.jobId === context.job.id ? named.number : 0));
        return {
          job: { ...context.job, namesTaken: Math.max(context.job.namesTaken, ...taken) },
          vm,
          runner,
          failure: null,
        };
      }),
      /** Another VM bears the name, whose record was lost: no second one may be taken for it. */
      takeVmName: assign(({ context }) => {
        const { job } = context;
        const number = job.namesTaken + 1;
        return {
          job: { ...job, namesTaken: number },
          vm: { ...vmOf(context), name: resourceName(policy.namePrefix, job.id, number) },
        };
      }),
      noteRunnerVersion: assign({
        vm: ({ context }, { runnerVersion }: JobEffects['probeGuest']['output']) => ({
          ...vmOf(context),
          runnerVersion,
        }),
      }),
      /** The first runner of a VM bears the VM's name; a further one takes the job's next number (law 7). */
      takeRunnerName: assign(({ context }) => {
        const { job, runner } = context;
        const number = job.namesTaken + 1;
        return runner === null
          ? { runner: { name: vmOf(context).name, id: null, mode: null, mayAppearUntil: 0 } }
          : {
              job: { ...job, namesTaken: number },
              runner: {
                name: resourceName(policy.namePrefix, job.id, number),
                id: null,
                mode: null,
                mayAppearUntil: 0,
              },
            };
      }),
      beginPhase: assign({
        phase: (_, params: { timeout: keyof JobPolicy['timeouts'] }) => ({
          ...NO_RETRY,
          enteredAt: now(),
          deadlineAt: now() + policy.timeouts[params.timeout],
        }),
      }),
      /** A further runner in the same VM gets no further time, or a restart that lost a config would (law 8). */
      beginOnline: assign({
        phase: ({ context }) => ({
          ...NO_RETRY,
          ...(context.runner?.name === context.vm?.name
            ? { enteredAt: now(), deadlineAt: now() + policy.timeouts.runnerOnline }
            : { enteredAt: context.phase.enteredAt, deadlineAt: context.phase.deadlineAt }),
        }),
      }),
      /** Time spent blocked is nobody's failure: the phase gets its whole time again, the pauses keep growing. */
      resumePhase: assign({
        phase: ({ context }, params: { timeout: keyof JobPolicy['timeouts'] }) => ({
          ...context.phase,
          deadlineAt: now() + policy.timeouts[params.timeout],
        }),
      }),
      beginRunning: assign({
        phase: ({ context }) => ({
          ...NO_RETRY,
          enteredAt: now(),
          deadlineAt: Math.min(
            now() + policy.timeouts.idle,
            context.vm?.expiresAt ?? Number.MAX_SAFE_INTEGER,
          ),
        }),
      }),
      noteFailure: assign({
        phase: ({ context }, lastFailure: Failure) => {
          const pause = pauseFor(policy, lastFailure);
          const { tries } = context.phase;
          return {
            ...context.phase,
            tries: tries + 1,
            lastFailure,
            nextTryAt: after(pause, tries, lastFailure.retryAt),
          };
        },
      }),
      noteVmDeletionFailure: assign({
        phase: ({ context }, lastFailure: Failure) => {
          const { tries } = context.phase;
          const nextTryAt = after(policy.teardownPause, tries, lastFailure.retryAt);
          return { ...context.phase, tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      noteRunnerRemovalFailure: assign({
        runnerRemoval: ({ context }, lastFailure: Failure) => {
          const { tries } = context.runnerRemoval;
          const nextTryAt = after(policy.teardownPause, tries, lastFailure.retryAt);
          return { tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      giveUpAttempt: assign(({ context }, failure: Failure) => ({
        failure,
        job: { ...context.job, attemptsFailed: context.job.attemptsFailed + 1 },
      })),
      giveUpOnTime: assign(({ context }, params: { doing: string }) => {
        const { lastFailure, enteredAt } = context.phase;
        const seconds = Math.round((now() - enteredAt) / 1000);
        const last = lastFailure ? ` Last answer: ${lastFailure.message}` : '';
        const timedOut = failure('PHASE_TIMED_OUT', `${params.doing} took longer than ${seconds} s.${last}`);
        return {
          failure: { ...timedOut, blame: lastFailure?.blame ?? timedOut.blame },
          job: { ...context.job, attemptsFailed: context.job.attemptsFailed + 1 },
        };
      }),
      /** Ends the attempt for a cause that does not speak against the job or the image, so it does not count. */
      loseAttempt: assign({
        failure: (_, params: { code: FailureCode; message: string }) => failure(params.code, params.message),
      }),
      failAttempt: assign(({ context }, params: { code: FailureCode; message: string }) => ({
        failure: failure(params.code, params.message),
        job: { ...context.job, attemptsFailed: context.job.attemptsFailed + 1 },
      })),
      /** Its job is not tried again: whoever wants that takes the order back. */
      cancelAttempt: assign(({ event }) => {
        assertEvent(event, 'operator.cancelled');
        return { failure: failure('OPERATOR_CANCELLED', `${event.by} ordered that this job is not served.`) };
      }),
      skipPause: assign({ job: ({ context }) => ({ ...context.job, notBefore: 0 }) }),
      forgetFailure: assign({ failure: null }),
      markStarted: assign({ job: ({ context }) => withLaterStatus(context.job, 'in_progress') }),
      markTaken: assign({ job: ({ context }) => withLaterStatus(context.job, 'in_progress'), failure: null }),
      markCompleted: assign({
        job: ({ context, event }) => {
          assertEvent(event, 'job.completed');
          return withLaterStatus(context.job, 'completed', event.conclusion);
        },
      }),
      /** What went wrong here was the other job's attempt. */
      takeJob: assign(({ event }) => {
        assertEvent(event, 'job.exchanged');
        return { job: event.job, failure: null };
      }),
      release: assign({ released: true }),
      beginTeardown: assign(({ context }) => {
        const { vm, runner } = context;
        const settled = now() + policy.timeouts.settle;
        return {
          phase: { ...NO_RETRY, enteredAt: now(), deadlineAt: now() },
          runnerRemoval: NO_RETRY,
          vm: vm && { ...vm, mayAppearUntil: vm.id === null ? settled : 0 },
          runner: runner && { ...runner, mayAppearUntil: runner.id === null ? settled : 0 },
        };
      }),
      beginNextAttempt: assign(({ context }) => ({
        vm: null,
        runner: null,
        phase: { ...NO_RETRY, enteredAt: now(), deadlineAt: now() },
        job: {
          ...context.job,
          notBefore:
            context.failure === null
              ? now()
              : now() + pauseAfter(policy.attemptPause, Math.max(0, context.job.attemptsFailed - 1)),
        },
      })),
    },
  });
}

export type JobSetup = ReturnType<typeof jobSetup>;
export type StateConfig = ReturnType<JobSetup['createStateConfig']>;

/** The action that starts the clock of the phase which a transition leads to. */
export const begin = (timeout: keyof JobPolicy['timeouts']) => ({
  type: 'beginPhase' as const,
  params: { timeout },
});
