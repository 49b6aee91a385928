import { expect, test } from 'vitest';
import { type FailureCode, failure } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { changedParts, transitionEntry } from '../../src/journal/entries/transition-entry.ts';
import { verdictOf } from '../../src/journal/story/verdict.js';
import { lifetimeWarning, troubleOf } from '../../src/journal/trouble.js';
import { contextAt, JOB, START } from '../machines/job-samples.ts';
import { rejected } from '../machines/job-step.ts';

const failed = (code: FailureCode) => failure(code, `said of ${code}`);
const phase = (code: FailureCode) => ({
  ...{ tries: 2, nextTryAt: START + 5_000, enteredAt: START, deadlineAt: START + 60_000 },
  lastFailure: failed(code),
});

test.each<[state: string, code: FailureCode, isTrouble: boolean]>([
  ['creating.waiting', 'HOST_UNREACHABLE', true],
  ['creating.acting', 'HOST_UNREACHABLE', true],
  ['sshReady.waiting', 'SSH_NOT_READY', false],
  ['sshReady.waiting', 'GUEST_UNREACHABLE', false],
  ['sshReady.waiting', 'GUEST_LOGIN_REFUSED', true],
  ['probing.waiting', 'GUEST_UNREACHABLE', true],
  ['runnerOnline.confirming.waiting', 'RUNNER_NOT_ONLINE', false],
  ['runnerOnline.confirming.waiting', 'RUNNER_CANNOT_CONNECT', true],
  ['running.busy.waiting', 'GUEST_UNREACHABLE', true],
  ['running.busy.watching', 'GUEST_UNREACHABLE', false],
  ['running.retiring.askingGuest.acting', 'GUEST_UNREACHABLE', true],
  ['tearingDown.vm.waiting, tearingDown.runner.gone', 'VM_BUSY', true],
])('in %s, %s is trouble: %s', (state, code, isTrouble) => {
  expect(troubleOf({ state, context: { phase: phase(code), failure: null } })?.code).toBe(
    isTrouble ? code : undefined,
  );
});

/** The snapshot of an actor that goes on with this context. */
const after = (context: JobContext) => ({ context, output: undefined });

test('the failure of an attempt is shown while it ends and until the next one begins', () => {
  const context = { failure: failed('RUNNER_EXITED') };
  expect(troubleOf({ state: 'tearingDown.vm.acting', context })?.code).toBe('RUNNER_EXITED');
  expect(troubleOf({ state: 'queued', context })?.code).toBe('RUNNER_EXITED');
  expect(troubleOf({ state: 'creating.acting', context })).toBeNull();
});

test('something that is not ready yet is a failure in the journal only when its phase runs out of time', () => {
  const entry = (code: FailureCode, to: string) => {
    const error = Object.assign(new Error(code), { failure: failed(code) });
    const context = contextAt(to, { failure: failed('PHASE_TIMED_OUT') });
    return transitionEntry(
      '7',
      START,
      rejected('connectGuest', error),
      'sshReady.acting',
      to,
      after(context),
    );
  };
  expect(entry('SSH_NOT_READY', 'sshReady.waiting')).toMatchObject({ notYet: 'said of SSH_NOT_READY' });
  expect(entry('SSH_NOT_READY', 'sshReady.waiting')).not.toHaveProperty('detail');
  expect(entry('GUEST_LOGIN_REFUSED', 'sshReady.waiting')).toMatchObject({
    detail: { code: 'GUEST_LOGIN_REFUSED' },
  });
  const over = transitionEntry(
    '7',
    START,
    { type: 'xstate.done.actor.phaseDeadline' },
    'sshReady.waiting',
    'tearingDown.vm.acting, tearingDown.runner.acting',
    after(contextAt('running.idle.watching', { failure: failed('PHASE_TIMED_OUT') })),
  );
  expect(over).toMatchObject({ detail: { code: 'PHASE_TIMED_OUT' } });
});

test('the story of a job that an actor took over has the VM, but no failure of the job before', () => {
  const before = contextAt('running.idle.watching');
  const now = { ...before, job: { ...JOB, id: JOB.id + 1 } };
  const entry = {
    ...transitionEntry(
      '7',
      START,
      { type: 'job.exchanged' },
      'running.idle.watching',
      'running.busy.watching',
      after(now),
    ),
    changed: changedParts(before, now),
    seq: 9,
  };
  expect(Object.keys(changedParts(before, { ...before, failure: failed('VM_BUSY') }))).toEqual(['failure']);
  const { headline, cause, act } = verdictOf([entry], START);
  expect(headline).toContain(`VM ${before.vm?.name} on ${before.vm?.host}`);
  expect([cause, act]).toEqual(['', '']);
});

test('the end of a VM’s lifetime is warned of 15 minutes before, while it has a runner', () => {
  const QUARTER = 15 * 60_000;
  const warning = (state: string, left: number | null) => {
    const { vm } = contextAt('running.busy.watching');
    const context = { vm: vm && { ...vm, expiresAt: left === null ? null : START + left } };
    return lifetimeWarning({ state, context }, START);
  };
  expect(warning('running.busy.watching', QUARTER)).toMatch(
    /lifetime ends at \d\d:\d\d:\d\d: the agent then powers it off/,
  );
  expect(warning('running.retiring.askingGuest.waiting', -1)).not.toBeNull();
  expect(warning('running.busy.watching', QUARTER + 1)).toBeNull();
  expect(warning('running.busy.watching', null)).toBeNull();
  expect(warning('tearingDown.vm.acting', 0)).toBeNull();
});
