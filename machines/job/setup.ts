import { assign, setup } from 'xstate';
import { type FailureCode, failure, failureOf } from '../failure.ts';
import { type Pause, pauseAfter } from '../pause.ts';
import { parseResourceName, resourceName } from '../resource-name.ts';
import { JOB_STATUSES, type Job, type JobContext, type JobStatus, NO_JOB, NO_RETRY } from './context.ts';
import { effectPlaceholders, type JobEffects } from './effects.ts';
import { type JobEvent, laterStatus } from './events.ts';
import { type JobPolicy, pauseFor } from './policy.ts';

export interface JobMachineOptions {
  policy: JobPolicy;
  /** Epoch ms; every instant in the context is computed from it. */
  now: () => number;
}

/** An effect's rejection: XState adds this event by itself, so it stands in no union. */
const rejection = (event: unknown) => failureOf((event as { error?: unknown }).error);
const outputOf = <Name extends keyof JobEffects>(event: unknown) =>
  (event as { output: JobEffects[Name]['output'] }).output;

function merged(job: Job, status: JobStatus, conclusion: string | null = null): Job {
  return {
    ...job,
    status: laterStatus(JOB_STATUSES, job.status, status),
    conclusion: job.conclusion ?? conclusion,
  };
}

/** The vocabulary of the job machine: types, effects, guards and actions, bound to a policy and a clock. */
export function jobSetup({ policy, now }: JobMachineOptions) {
  const after = (pause: Pause, tries: number, retryAt: number | null) =>
    Math.max(retryAt ?? 0, now() + pauseAfter(pause, tries));

  return setup({
    types: {
      context: {} as JobContext,
      events: {} as JobEvent,
      input: {} as { job: Job },
      tags: {} as 'holdsSlot' | 'takesAnyJob' | 'mayBeBusy' | 'needsAttention' | 'waiting' | 'tearingDown',
    },
    actors: effectPlaceholders,
    guards: {
      'may the effect be retried': ({ event }) => rejection(event).disposition === 'retry',
      'is the effect blocked': ({ event }) => rejection(event).disposition === 'blocked',
      'is the VM name spent': ({ event }) => rejection(event).code === 'VM_NAME_TAKEN',
      'is the runner name spent': ({ event }) => rejection(event).code === 'RUNNER_NAME_TAKEN',
      'is the runner config lost': ({ event }) => rejection(event).code === 'RUNNER_CONFIG_LOST',
      'has the runner ended': ({ event }) =>
        ['RUNNER_EXITED', 'RUNNER_DEPRECATED', 'VM_VANISHED', 'RUNNER_CONFIGURATION_FAILED'].includes(
          rejection(event).code,
        ),
      'does the exchanged job fit this VM': ({ context, event }) =>
        event.type === 'job.exchanged' &&
        event.job.status === 'queued' &&
        event.job.profile === context.vm?.profile,
      'does the exchanged job wait for a runner': ({ event }) =>
        event.type === 'job.exchanged' && event.job.status === 'queued',
      'does the exchanged job run here': ({ event }) =>
        event.type === 'job.exchanged' && event.here && event.job.status === 'in_progress',
      'did the exchanged job end here': ({ event }) =>
        event.type === 'job.exchanged' && event.here && event.job.status === 'completed',
      'did the job run here': ({ event }) => event.type === 'job.completed' && event.here,
      'is a job at work in the guest': ({ event }) => outputOf<'askGuest'>(event).answer === 'working',
      'is the asked VM gone': ({ event }) => outputOf<'askGuest'>(event).answer === 'vanished',
      'does GitHub call it busy': ({ event }) => outputOf<'deregisterRunner'>(event).answer === 'busy',
      'did the runner take a job': ({ event }) => outputOf<'watchRunner'>(event).ended === 'tookJob',
      'is the watched VM gone': ({ event }) => outputOf<'watchRunner'>(event).ended === 'vanished',
      'is the job over': ({ context }) => context.job.status === 'completed',
      'is there no job': ({ context }) => context.job.id === NO_JOB,
      'is there no VM': ({ context }) => context.vm === null,
      'is there no runner': ({ context }) => context.runner === null,
      'is the start news': ({ context }) => merged(context.job, 'in_progress').status !== context.job.status,
      'may the job be tried again': ({ context }) =>
        context.job.status === 'queued' &&
        !context.released &&
        context.failure?.code !== 'OPERATOR_CANCELLED' &&
        (context.failure === null || context.job.attemptsFailed < policy.maxAttempts),
      'is the job unserved': ({ context }) =>
        context.failure !== null && context.job.status !== 'completed' && !context.released,
    },
    actions: {
      takeSlot: assign(({ context, event }) => {
        if (event.type !== 'slot.granted') return {};
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
        if (event.type !== 'vm.adopted') return {};
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
      takeVmName: assign(({ context: { job, vm } }) => {
        if (vm === null) return {};
        const number = job.namesTaken + 1;
        return {
          job: { ...job, namesTaken: number },
          vm: { ...vm, name: resourceName(policy.namePrefix, job.id, number) },
        };
      }),
      noteRunnerVersion: assign({
        vm: ({ context, event }) =>
          context.vm && { ...context.vm, runnerVersion: outputOf<'probeGuest'>(event).runnerVersion },
      }),
      /** The first runner of a VM bears the VM's name; a further one takes the job's next number (law 7). */
      takeRunnerName: assign(({ context }) => {
        const { job, vm, runner } = context;
        const number = job.namesTaken + 1;
        return runner === null && vm !== null
          ? { runner: { name: vm.name, id: null, mode: null, mayAppearUntil: 0 } }
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
        phase: ({ context, event }) => {
          const lastFailure = rejection(event);
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
        phase: ({ context, event }) => {
          const lastFailure = rejection(event);
          const { tries } = context.phase;
          const nextTryAt = after(policy.teardownPause, tries, lastFailure.retryAt);
          return { ...context.phase, tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      noteRunnerRemovalFailure: assign({
        runnerRemoval: ({ context, event }) => {
          const lastFailure = rejection(event);
          const { tries } = context.runnerRemoval;
          const nextTryAt = after(policy.teardownPause, tries, lastFailure.retryAt);
          return { tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      giveUpAttempt: assign(({ context, event }) => ({
        failure: rejection(event),
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
      cancelAttempt: assign(({ event }) =>
        event.type === 'operator.cancelled'
          ? { failure: failure('OPERATOR_CANCELLED', `${event.by} ordered that this job is not served.`) }
          : {},
      ),
      skipPause: assign({ job: ({ context }) => ({ ...context.job, notBefore: 0 }) }),
      forgetFailure: assign({ failure: null }),
      markStarted: assign({ job: ({ context }) => merged(context.job, 'in_progress') }),
      markTaken: assign({ job: ({ context }) => merged(context.job, 'in_progress'), failure: null }),
      markCompleted: assign({
        job: ({ context, event }) =>
          event.type === 'job.completed' ? merged(context.job, 'completed', event.conclusion) : context.job,
      }),
      /** What went wrong here was the other job's attempt. */
      takeJob: assign({
        job: ({ context, event }) => (event.type === 'job.exchanged' ? event.job : context.job),
        failure: null,
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
