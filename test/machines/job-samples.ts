import { FAILURE_CODES, failure } from '../../machines/failure.ts';
import {
  type Job,
  type JobContext,
  NO_JOB,
  NO_RETRY,
  type Runner,
  type Vm,
} from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';

export const START = Date.UTC(2026, 0, 5, 9);

export const JOB: Job = {
  id: 101,
  runId: 11,
  runAttempt: 1,
  owner: 'octo',
  repository: 'app',
  workflow: 'ci',
  name: 'build',
  url: 'https://github.test/octo/app/actions/runs/11/job/101',
  labels: ['self-hosted', 'macos-15'],
  profile: 'macos-15',
  status: 'queued',
  conclusion: null,
  queuedAt: START - 60_000,
  namesTaken: 0,
  attemptsFailed: 0,
  notBefore: 0,
};

/** Stands in for the job of a warm VM. */
export const STAND_IN: Job = { ...JOB, id: NO_JOB, runId: 0, name: 'warm VM', status: 'completed' };

/** The job that comes by exchange. */
export const OTHER_JOB: Job = { ...JOB, id: 202, runId: 22, name: 'test', namesTaken: 1 };

export const VM: Vm = {
  name: 'gh-default-101-1',
  host: 'mini-1',
  profile: 'macos-15',
  id: 'vm-1',
  address: { host: '10.0.0.5', port: 2222 },
  hostKey: 'SHA256:abc',
  runnerVersion: '2.330.0',
  expiresAt: START + 6 * 3_600_000,
  mayAppearUntil: 0,
};

export const RUNNER: Runner = { name: VM.name, id: 7, mode: 'jit', mayAppearUntil: 0 };

const runner = ['jitConfig', 'runnerOnline', 'running', 'tearingDown'];

/** What an actor in this state knows. */
export function contextAt(path: string, more: Partial<JobContext> = {}): JobContext {
  const top = path.split(/[. ]/)[0] ?? '';
  const hasVm = !['queued', 'done', 'failed'].includes(top);
  const status = path.startsWith('running.busy')
    ? 'in_progress'
    : path.startsWith('running.finishing')
      ? 'completed'
      : 'queued';
  return {
    job: { ...JOB, status, namesTaken: hasVm ? 1 : 0 },
    vm: hasVm ? { ...VM, id: top === 'creating' ? null : VM.id } : null,
    runner: runner.includes(top) ? RUNNER : null,
    phase: { ...NO_RETRY, enteredAt: START, deadlineAt: START + 60_000 },
    runnerRemoval: NO_RETRY,
    failure: null,
    released: false,
    ...more,
  };
}

const gets = (job: Partial<Job>, here: boolean): JobEvent => ({
  type: 'job.exchanged',
  job: { ...OTHER_JOB, ...job },
  here,
});

/** Everything that can reach an actor from outside, by the name that the tables use. */
export const EXTERNAL_EVENTS: Record<string, JobEvent> = {
  'slot granted': { type: 'slot.granted', host: 'mini-1' },
  'slot reclaimed': { type: 'slot.reclaimed' },
  'job started': { type: 'job.started' },
  'completed here': { type: 'job.completed', conclusion: 'success', here: true },
  'completed elsewhere': { type: 'job.completed', conclusion: 'cancelled', here: false },
  'taken elsewhere': { type: 'job.takenElsewhere' },
  'gets a queued job': gets({}, false),
  'gets one of other profile': gets({ profile: 'macos-14' }, false),
  'gets one running here': gets({ status: 'in_progress' }, true),
  'gets one ended here': gets({ status: 'completed', conclusion: 'success' }, true),
  'gets one running elsewhere': gets({ status: 'in_progress' }, false),
  'gets one ended elsewhere': gets({ status: 'completed', conclusion: 'failure' }, false),
  'job released': { type: 'job.released' },
  'VM vanished': { type: 'vm.vanished' },
  'host lost': { type: 'host.lost' },
  'host drained': { type: 'host.drained' },
  'cancelled by hand': { type: 'operator.cancelled', by: 'ada' },
  'tried by hand': { type: 'operator.retried' },
  'VM adopted': { type: 'vm.adopted', vm: { ...VM, name: 'gh-default-101-4' }, runner: RUNNER },
};

/** Each answer that an effect can give, by the name that the tables use. */
export const ANSWERS: Record<string, Record<string, unknown>> = {
  createVm: { made: { vmId: 'vm-1' } },
  startVm: { 'with a lifetime': { expiresAt: START + 3_600_000 }, 'without a lifetime': { expiresAt: null } },
  connectGuest: { 'logged in': { address: VM.address, hostKey: VM.hostKey } },
  probeGuest: { 'all found': { runnerVersion: '2.330.0' } },
  obtainRunnerConfig: { jit: { runnerId: 7, mode: 'jit' }, token: { runnerId: null, mode: 'token' } },
  launchRunner: { launched: null },
  confirmOnline: { online: { runnerId: 7 } },
  watchRunner: {
    'took a job': { ended: 'tookJob', failure: null },
    'exited after a job': { ended: 'exited', failure: null },
    'exited without a job': { ended: 'exited', failure: failure('RUNNER_EXITED', 'It ended.') },
    'VM vanished': { ended: 'vanished', failure: null },
  },
  recheckJob: {
    queued: { status: 'queued', conclusion: null, here: false },
    'running elsewhere': { status: 'in_progress', conclusion: null, here: false },
    completed: { status: 'completed', conclusion: 'success', here: true },
  },
  askGuest: {
    working: { answer: 'working' },
    'not working': { answer: 'notWorking' },
    'VM vanished': { answer: 'vanished' },
  },
  deregisterRunner: { removed: { answer: 'removed' }, 'refused as busy': { answer: 'busy' } },
  deleteVm: { gone: null },
  removeRunner: { gone: null },
  waitUntil: { ended: null },
};

/** What an effect rejects with: an error that carries a failure, as adapters throw it. */
export function rejectionWith(code: (typeof FAILURE_CODES)[number], retryAt: number | null = null): Error {
  return Object.assign(new Error(code), { failure: failure(code, `${code}.`, retryAt) });
}

/** One rejection for every code of the closed union, and what no adapter should throw. */
export const REJECTIONS: Record<string, unknown> = {
  ...Object.fromEntries(FAILURE_CODES.map((code) => [code, rejectionWith(code)])),
  'a plain Error': new TypeError('x is not a function'),
  'no Error at all': 'text',
};
