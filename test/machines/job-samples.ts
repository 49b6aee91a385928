import { FAILURE_CODES, type FailureCode, failure } from '../../machines/failure.ts';
import {
  type Hold,
  type Job,
  type JobContext,
  NO_JOB,
  NO_RETRY,
  type Runner,
  type Vm,
} from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';

/** A runner that is not ours. */
export const THEIRS = { runner: 'theirs', isOurs: false };

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
  commit: '3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b',
  branch: 'main',
  labels: ['self-hosted', 'macos-15'],
  profile: 'macos-15',
  status: 'queued',
  conclusion: null,
  takenBy: null,
  queuedAt: START - 60_000,
  attempt: 0,
  attemptsFailed: 0,
  runnersUnused: 0,
  vmsInVain: 0,
  lastFailure: null,
  notBefore: 0,
  holdOrder: null,
};

/** The placeholder for the job of a warm VM. */
export const STAND_IN: Job = { ...JOB, id: NO_JOB, runId: 0, name: 'warm VM', status: 'completed' };

/** The job that comes by exchange. */
export const OTHER_JOB: Job = { ...JOB, id: 202, runId: 22, name: 'test', attempt: 1 };

export const VM: Vm = {
  name: 'gh-default-101-1',
  host: 'mini-1',
  profile: 'macos-15',
  madeFor: { jobId: JOB.id, attempt: 1 },
  numbers: { next: 2, last: 100 },
  id: 'vm-1',
  address: { host: '10.0.0.5', port: 2222 },
  image: null,
  hostKey: 'SHA256:abc',
  runnerVersion: '2.330.0',
  expiresAt: START + 6 * 3_600_000,
  mayAppearUntil: 0,
};

export const RUNNER: Runner = {
  name: VM.name,
  scope: { kind: 'repository', owner: JOB.owner, repository: JOB.repository },
  id: 7,
  mode: 'jit',
  mayAppearUntil: 0,
  isLeft: false,
  loss: null,
};

export const HOLD: Hold = {
  jobId: JOB.id,
  by: 'ada',
  at: START,
  lasts: 20 * 60_000,
  until: START + 20 * 60_000,
  latest: START + 4 * 3_600_000,
  vnc: null,
  ended: null,
};

/** A runner that waits for its configuration. */
export const UNREGISTERED: Runner = { ...RUNNER, id: null, mode: null };

const runner = ['jitConfig', 'runnerOnline', 'running', 'tearingDown'];

function statusAt(path: string): Job['status'] {
  if (/^running\.busy\.(watching|waiting)$/.test(path)) return 'in_progress';
  return path.startsWith('running.finishing') || path.endsWith('job.gone') ? 'completed' : 'queued';
}

/** The context of an actor in this state. */
export function contextAt(path: string, more: Partial<JobContext> = {}): JobContext {
  const top = path.split(/[. ]/)[0] ?? '';
  const hasVm = !['queued', 'done', 'failed'].includes(top);
  return {
    job: path === 'warm' ? STAND_IN : { ...JOB, status: statusAt(path), attempt: hasVm ? 1 : 0 },
    vm: hasVm ? { ...VM, id: top === 'creating' ? null : VM.id } : null,
    runner: runner.includes(top) ? (top === 'jitConfig' ? UNREGISTERED : RUNNER) : null,
    phase: { ...NO_RETRY, enteredAt: START, deadlineAt: START + 60_000 },
    runnerRemoval: NO_RETRY,
    jobCheck: NO_RETRY,
    failure: null,
    otherJobSince: null,
    hold: /askingToHold|unregistering|opening|held/.test(path) ? HOLD : null,
    ...more,
  };
}

const gets = (job: Partial<Job>, here: boolean): JobEvent => ({
  type: 'job.exchanged',
  job: { ...OTHER_JOB, ...job },
  here,
});

/** Every event that can reach an actor from outside, by its name in the tables. */
export const EXTERNAL_EVENTS: Record<string, JobEvent> = {
  'slot granted': { type: 'slot.granted', host: 'mini-1', numbers: { first: 1, last: 100 } },
  'slot reclaimed': { type: 'slot.reclaimed' },
  'job started': { type: 'job.started' },
  'completed here': { type: 'job.completed', conclusion: 'success', here: true },
  'failed here': { type: 'job.completed', conclusion: 'failure', here: true },
  'completed elsewhere': { type: 'job.completed', conclusion: 'cancelled', here: false },
  'taken elsewhere': { type: 'job.takenElsewhere', by: THEIRS },
  'gets a queued job': gets({}, false),
  'gets one of other scope': gets({ repository: 'site' }, false),
  'gets one of other profile': gets({ profile: 'macos-14' }, false),
  'gets one running here': gets({ status: 'in_progress' }, true),
  'gets one ended here': gets({ status: 'completed', conclusion: 'success' }, true),
  'gets one running elsewhere': gets({ status: 'in_progress', takenBy: THEIRS }, false),
  'gets one ended elsewhere': gets({ status: 'completed', conclusion: 'failure', takenBy: THEIRS }, false),
  'job released': { type: 'job.released' },
  'job still queued': { type: 'job.stillQueued' },
  'job unservable': {
    type: 'job.unservable',
    failure: failure('REPOSITORY_GONE', 'octo/app is gone.'),
  },
  'VM vanished': { type: 'vm.vanished' },
  'host lost': { type: 'host.lost' },
  'room elsewhere': { type: 'host.full' },
  'host drained': { type: 'host.drained' },
  'cancelled by hand': { type: 'operator.cancelled', by: 'ada' },
  'tried by hand': { type: 'operator.retried' },
  'hold granted': { type: 'hold.granted' },
  'hold ended': { type: 'hold.ended', because: 'jobWaits' },
  'held by hand': { type: 'operator.held', by: 'ada', lasts: 60_000 },
  'released by hand': { type: 'operator.released', by: 'ada' },
  'forgotten by hand': { type: 'operator.forgot', by: 'ada' },
  'VM adopted': { type: 'vm.adopted', vm: { ...VM, name: 'gh-default-101-4' }, runner: RUNNER },
};

/** Every result of each effect, by its name in the tables. */
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
    'exited after a job': { ended: 'exited', failure: null, result: 'Failed' },
    'exited otherwise': { ended: 'exited', failure: null, result: 'Succeeded' },
    'died in a job': { ended: 'exited', failure: failure('RUNNER_DIED', 'It died.') },
    'exited without a job': { ended: 'exited', failure: failure('RUNNER_EXITED', 'It ended.') },
    'VM vanished': { ended: 'vanished', failure: null },
  },
  recheckJob: {
    queued: { status: 'queued', conclusion: null, here: false },
    // A status of GitHub that we do not know counts as held back too.
    'held back': { status: 'waiting', conclusion: null, here: false },
    'running elsewhere': { status: 'in_progress', conclusion: null, here: false, takenBy: 'theirs' },
    completed: { status: 'completed', conclusion: 'success', here: true },
  },
  askGitHub: {
    'queued, runner online': { status: 'queued', conclusion: null, here: false, runner: 'online' },
    'queued, runner offline': { status: 'queued', conclusion: null, here: false, runner: 'offline' },
    'queued, runner absent': { status: 'queued', conclusion: null, here: false, runner: 'absent' },
    'held back': { status: 'waiting', conclusion: null, here: false, runner: 'offline' },
    'running here': { status: 'in_progress', conclusion: null, here: true, runner: 'online' },
    'running elsewhere': { status: 'in_progress', conclusion: null, here: false, runner: 'offline' },
    'ended here': { status: 'completed', conclusion: 'success', here: true, runner: 'absent' },
    'ended elsewhere': { status: 'completed', conclusion: 'success', here: false, runner: 'offline' },
  },
  askGuest: {
    working: { answer: 'working' },
    'not working': { answer: 'notWorking' },
    'VM vanished': { answer: 'vanished' },
  },
  deregisterRunner: { removed: { answer: 'removed' }, 'refused as busy': { answer: 'busy' } },
  openVm: {
    opened: { isRunning: true, ssh: VM.address, vnc: { host: '10.0.0.5', port: 5901 } },
    'found off': { isRunning: false, ssh: null, vnc: null },
  },
  deleteVm: { gone: null },
  removeRunner: { gone: null },
  waitUntil: { ended: null },
};

/** A failure of this code. */
export const because = (code: FailureCode) => failure(code, 'It went wrong.');

/** The error that an effect rejects with: it has a failure, as adapters throw it. */
export function rejectionWith(code: (typeof FAILURE_CODES)[number], retryAt: number | null = null): Error {
  return Object.assign(new Error(code), { failure: failure(code, `${code}.`, retryAt) });
}

/** One rejection for every code of the closed union, and errors that no adapter should throw. */
export const REJECTIONS: Record<string, unknown> = {
  ...Object.fromEntries(FAILURE_CODES.map((code) => [code, rejectionWith(code)])),
  'a plain Error': new TypeError('x is not a function'),
  'no Error at all': 'text',
};
