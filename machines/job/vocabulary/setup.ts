import { assertEvent, assign, stopChild } from 'xstate';
import { type Failure, type FailureCode, failure } from '../../failure.ts';
import { pauseAfter } from '../../pause.ts';
import { resourceName } from '../../resource-name.ts';
import {
  isSameScope,
  type Job,
  type JobContext,
  NO_RETRY,
  type Runner,
  runnerScopeOf,
  type Vm,
  vmOf,
} from '../context.ts';
import type { JobEffects } from '../effects.ts';
import { begun, holdAfter } from '../hold.ts';
import { costOfTold, endsRunner } from '../job-end.ts';
import { placeholder } from '../placeholder.ts';
import { type JobMachineOptions, type JobPolicy, pauseFor } from '../policy.ts';
import { withFailedAttempt } from '../release.ts';
import { setupWithHolds } from './holds.ts';

/** The vocabulary of the job machine: types, effects, guards and actions, bound to a policy and a clock. */
export function jobSetup({ policy, now }: JobMachineOptions) {
  const after = (pause: number, { retryAt }: Pick<Failure, 'retryAt'>) =>
    Math.max(retryAt ?? 0, now() + pause);

  const scopeOf = (job: Job) => runnerScopeOf(policy.runnerScope, job);

  const unregistered = (name: string, job: Job): Runner => ({
    name,
    scope: scopeOf(job),
    id: null,
    mode: null,
    mayAppearUntil: 0,
    isLeft: false,
    loss: null,
  });

  const nextName = (vm: Vm) => ({
    name: resourceName(policy.namePrefix, vm.madeFor.jobId, vm.numbers.next),
    vm: { ...vm, numbers: { ...vm.numbers, next: vm.numbers.next + 1 } },
  });

  /** A job that came by an exchange: when it waits for a runner or has run here, the VM here is one of its attempts. */
  const withThisVm = ({ job, here }: { job: Job; here: boolean }, { vm, runner }: JobContext): Job => {
    if (vm === null || !(here || job.status === 'queued')) return job;
    const takenBy = here && runner !== null ? { runner: runner.name, isOurs: true } : job.takenBy;
    return { ...job, attempt: job.attempt + 1, takenBy };
  };

  const loses = ({ runner }: JobContext, failure: Failure) => ({
    failure,
    runner: runner && endsRunner(failure) ? { ...runner, loss: failure } : runner,
  });

  const ends = (context: JobContext, failure: Failure) => ({
    ...loses(context, failure),
    job: withFailedAttempt(context.job, failure),
  });

  return setupWithHolds({ policy, now }).extend({
    actions: {
      takeSlot: assign(({ context, event }) => {
        assertEvent(event, 'slot.granted');
        const { first, last } = event.numbers;
        const { job } = context;
        return {
          job: { ...job, attempt: job.attempt + 1 },
          vm: {
            name: resourceName(policy.namePrefix, job.id, first),
            host: event.host,
            profile: job.profile,
            image: event.image ?? null,
            madeFor: { jobId: job.id, attempt: job.attempt + 1 },
            numbers: { next: first + 1, last },
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
      adopt: assign(({ event }) => {
        assertEvent(event, 'vm.adopted');
        return { vm: event.vm, runner: event.runner, failure: null };
      }),
      /** Another VM, whose record was lost, has the name: the two must not be mistaken for each other. */
      takeVmName: assign(({ context }) => {
        const { name, vm } = nextName(vmOf(context));
        return { vm: { ...vm, name } };
      }),
      noteRunnerVersion: assign({
        vm: ({ context }, { runnerVersion }: JobEffects['probeGuest']['output']) => ({
          ...vmOf(context),
          runnerVersion,
        }),
      }),
      /** The first runner of a VM has the VM's name; a further one takes the VM's next number (law 7). */
      takeRunnerName: assign(({ context }) => {
        const { runner } = context;
        if (runner === null) return { runner: unregistered(vmOf(context).name, context.job) };
        const { name, vm } = nextName(vmOf(context));
        return { vm, runner: unregistered(name, context.job) };
      }),
      /** A runner of another scope is another runner, so it does not use the name of the earlier request. */
      takeJobAndScope: assign(({ context, event }) => {
        assertEvent(event, 'job.exchanged');
        const { job } = event;
        const taken = { job: withThisVm(event, context), failure: null };
        if (context.runner === null || isSameScope(context.runner.scope, scopeOf(job))) return taken;
        const { name, vm } = nextName(vmOf(context));
        return { ...taken, vm, runner: unregistered(name, job) };
      }),
      beginPhase: assign({
        phase: (_, params: { timeout: keyof JobPolicy['timeouts'] }) => ({
          ...NO_RETRY,
          enteredAt: now(),
          deadlineAt: now() + policy.timeouts[params.timeout],
        }),
      }),
      /**
       * A further runner in the same VM gets no further time: else a restart that lost a config would extend it (law
       * 8).
       */
      beginOnline: assign({
        phase: ({ context }) => ({
          ...NO_RETRY,
          ...(context.runner?.name === context.vm?.name
            ? { enteredAt: now(), deadlineAt: now() + policy.timeouts.runnerOnline }
            : { enteredAt: context.phase.enteredAt, deadlineAt: context.phase.deadlineAt }),
        }),
      }),
      /** Blocked time is nobody's failure: the phase gets its whole time again, while the pauses keep growing. */
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
          const { tries, enteredAt } = context.phase;
          const pause = pauseFor(policy, lastFailure, { tries, waited: now() - enteredAt });
          const nextTryAt = after(pause, lastFailure);
          return { ...context.phase, tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      noteVmDeletionFailure: assign({
        phase: ({ context }, lastFailure: Failure) => {
          const { tries } = context.phase;
          const nextTryAt = after(pauseAfter(policy.teardownPause, tries), lastFailure);
          return { ...context.phase, tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      noteRunnerRemovalFailure: assign({
        runnerRemoval: ({ context }, lastFailure: Failure) => {
          const { tries } = context.runnerRemoval;
          const nextTryAt = after(pauseAfter(policy.teardownPause, tries), lastFailure);
          return { tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      noteJobCheckFailure: assign({
        jobCheck: ({ context }, lastFailure: Failure) => {
          const { tries } = context.jobCheck;
          const nextTryAt = after(pauseAfter(policy.teardownPause, tries), lastFailure);
          return { tries: tries + 1, lastFailure, nextTryAt };
        },
      }),
      /** Keeps the questions to GitHub few while a guest is silent: each pause is as long as the silence so far. */
      noteSilence: assign({
        phase: ({ context }) => {
          const { first, longest } = policy.silentPause;
          const silent = now() - context.phase.enteredAt - policy.timeouts.silence;
          return { ...context.phase, nextTryAt: now() + Math.min(longest, Math.max(first, silent)) };
        },
      }),
      noteBusyRunner: assign({
        phase: ({ context }) => {
          const { tries } = context.phase;
          const said =
            'GitHub refuses to remove the runner, since it has a job, but the guest says that no job runs in it; both are asked again.';
          const lastFailure = failure('RUNNER_BUSY', said);
          return {
            ...context.phase,
            tries: tries + 1,
            lastFailure,
            nextTryAt: now() + pauseAfter(policy.silentPause, tries),
          };
        },
      }),
      giveUpAttempt: assign(({ context }, failure: Failure) => ends(context, failure)),
      giveUpOnTime: assign(({ context }, params: { doing: string }) => {
        const { lastFailure, enteredAt } = context.phase;
        const seconds = Math.round((now() - enteredAt) / 1_000);
        const limit = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
        const last = lastFailure ? ` Last answer: ${lastFailure.message}` : '';
        const timedOut = failure('PHASE_TIMED_OUT', `${params.doing} took longer than ${limit}.${last}`);
        return ends(context, { ...timedOut, blame: lastFailure?.blame ?? timedOut.blame });
      }),
      failAttempt: assign(({ context }, params: { code: FailureCode; message: string }) =>
        ends(context, failure(params.code, params.message)),
      ),
      /** Ends the attempt for a cause that does not count as a failed attempt. */
      loseAttempt: assign(({ context }, params: { code: FailureCode; message: string }) =>
        loses(context, failure(params.code, params.message)),
      ),
      /**
       * A VM that is powered off at the end of its lifetime is seen to go before the margin is over. One that is gone at
       * the first look after that may have gone at any time: the lifetime may have ended only because a clock was set.
       */
      noteGoneUnseen: assign(({ context }) =>
        context.failure?.code === 'LIFETIME_EXCEEDED'
          ? ends(
              context,
              failure(
                'VM_VANISHED',
                'The VM was gone when it was looked at after the end of its lifetime: nobody saw when it went. If a job ran in it, GitHub fails that job within minutes: run it again there.',
              ),
            )
          : {},
      ),
      /** A wait that stays in the record after its end makes the record impossible to restore. */
      endLifetime: stopChild('lifetime'),
      noteRunnerEnd: assign(({ context }, { failure }: JobEffects['watchRunner']['output']) =>
        failure === null ? { failure } : ends(context, failure),
      ),
      skipPause: assign({ job: ({ context }) => ({ ...context.job, notBefore: 0 }) }),
      /** The tries of an earlier state do not count any more. */
      forgetTries: assign({ phase: ({ context }) => ({ ...context.phase, ...NO_RETRY }) }),
      /** The failure belongs to the attempt of the other job. */
      takeJob: assign(({ context, event }) => {
        assertEvent(event, 'job.exchanged');
        const job = withThisVm(event, context);
        // What ended the runner or the VM here cost the job that ran here, and no other.
        const { runner, phase } = context;
        const failure = runner && costOfTold({ job, runner }, runner.loss, now() - phase.enteredAt);
        return { job, failure, otherJobSince: null };
      }),
      takeQueuedJob: assign(({ event }) => {
        assertEvent(event, 'job.exchanged');
        return { job: event.job, failure: event.job.lastFailure };
      }),
      /** The VM stays here, and so do the owner and the repository, where its runner is registered. */
      leaveJob: assign(({ context }) => {
        const { owner, repository, id } = context.job;
        const name = `VM of job ${context.vm?.madeFor.jobId || id}`;
        const profile = context.vm?.profile ?? context.job.profile;
        return { job: placeholder({ name, at: now(), profile, owner, repository }), otherJobSince: null };
      }),
      noteOtherJob: assign({ otherJobSince: ({ context }) => context.otherJobSince ?? now() }),
      leaveRunner: assign({ runner: ({ context }) => context.runner && { ...context.runner, isLeft: true } }),
      beginTeardown: assign(({ context }) => {
        const { vm, runner } = context;
        const settled = now() + policy.timeouts.settle;
        const { hold } = context;
        return {
          hold: hold ? begun(hold, vm?.expiresAt ?? null, now()) : holdAfter(context, policy, now()),
          phase: { ...NO_RETRY, enteredAt: now(), deadlineAt: now() },
          runnerRemoval: NO_RETRY,
          jobCheck: NO_RETRY,
          vm: vm && { ...vm, mayAppearUntil: vm.id === null ? settled : 0 },
          runner: runner && { ...runner, mayAppearUntil: runner.id === null ? settled : 0 },
        };
      }),
    },
  });
}

export type JobSetup = ReturnType<typeof jobSetup>;
export type StateConfig = ReturnType<JobSetup['createStateConfig']>;

/** The action that starts the deadline of the phase that a transition leads to. */
export const begin = (timeout: keyof JobPolicy['timeouts']) => ({
  type: 'beginPhase' as const,
  params: { timeout },
});
