import type { Job } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { JOB, STAND_IN, START } from './job-samples.ts';
import { type Parts, TEARDOWNS, teardownPath } from './job-teardown.ts';

/** How an actor comes to rest in a state, and which effects still run from there when nothing fails. */
export interface Place {
  script: Script;
  /** Replaces the usual job. */
  job?: Job;
  /** A number lets that many milliseconds pass. */
  events?: (JobEvent | number)[];
  left: string[];
}

const PIPELINE = [
  'createVm',
  'startVm',
  'connectGuest',
  'probeGuest',
  'obtainRunnerConfig',
  'launchRunner',
  'confirmOnline',
  'watchRunner',
  'watchRunner',
  'recheckJob',
  'deleteVm',
  'removeRunner',
];
const from = (effect: string) => PIPELINE.slice(PIPELINE.indexOf(effect));
const AFTER_IDLE = from('watchRunner').slice(1);
const AFTER_FINISHING = ['watchRunner', 'deleteVm', 'removeRunner'];
const RETIRE = ['askGuest', 'deregisterRunner', 'askGuest', 'deleteVm', 'removeRunner'];

const UNREACHABLE = { fails: 'HOST_UNREACHABLE' } as const;
const FULL = { fails: 'VM_LIMIT_REACHED' } as const;
const TOOK = { ended: 'tookJob', failure: null } as const;
const EXITED = { ended: 'exited', failure: null } as const;
const NOT_WORKING = { answer: 'notWorking' } as const;
const QUEUED = { status: 'queued', conclusion: null, here: false } as const;
/** Replies of a guest that is silent for more than a minute. */
const SILENT = Array.from({ length: 30 }, () => UNREACHABLE);
const SETTLES = 30_000;
const IS_SILENT = 65_000;
const ENDED_HERE: JobEvent[] = [{ type: 'job.completed', conclusion: 'success', here: true }];
const CANCELLED: JobEvent[] = [{ type: 'job.completed', conclusion: 'cancelled', here: false }];
const DRAINED: JobEvent[] = [{ type: 'host.drained' }];
const STILL_QUEUED: JobEvent = { type: 'job.stillQueued' };

function provisioning(state: string, effect: keyof Script): Record<string, Place> {
  const left = from(effect);
  return {
    [`${state}.acting`]: { script: { [effect]: [HANGS] }, left },
    [`${state}.waiting`]: { script: { [effect]: [UNREACHABLE] }, left },
    [`${state}.blocked`]: { script: { [effect]: [FULL] }, left },
  };
}

const HELD_JOB: Job = { ...JOB, holdOrder: { by: 'ada', at: START, lasts: 20 * 60_000 } };

/** A teardown of a VM that is held: its runner ended before it was online. */
function heldTeardown(parts: Parts): [string, Place] {
  const replies = { acting: [HANGS], waiting: [UNREACHABLE], gone: [], decided: [QUEUED] };
  const script: Script = {
    launchRunner: [{ fails: 'RUNNER_EXITED' }],
    openVm: parts.vm === 'opening' ? [HANGS] : [],
    removeRunner: [...replies[parts.runner]],
    recheckJob: [...replies[parts.job]],
  };
  const left = [
    'deleteVm',
    ...(parts.vm === 'held' ? [] : ['openVm']),
    ...(parts.job === 'acting' || parts.job === 'waiting' ? ['recheckJob'] : []),
    ...(parts.runner === 'gone' ? [] : ['removeRunner']),
  ];
  return [teardownPath(parts), { script, job: HELD_JOB, left }];
}

/** A teardown with its three parts in the given states: its VM vanished before GitHub gave its runner a job. */
function teardown(parts: Parts): [string, Place] {
  const { vm } = parts;
  if (vm !== 'acting' && vm !== 'waiting' && vm !== 'gone') return heldTeardown(parts);
  const replies = { acting: [HANGS], waiting: [UNREACHABLE], gone: [] };
  const script: Script = {
    watchRunner: [HANGS],
    deleteVm: [...replies[vm]],
    removeRunner: [...replies[parts.runner]],
    recheckJob: parts.job === 'decided' ? [QUEUED] : [...replies[parts.job]],
  };
  const left = [
    ...(vm === 'gone' ? [] : ['deleteVm']),
    ...(parts.job === 'acting' || parts.job === 'waiting' ? ['recheckJob'] : []),
    ...(parts.runner === 'gone' ? [] : ['removeRunner']),
  ];
  return [teardownPath(parts), { script, events: [{ type: 'vm.vanished' }], left }];
}

/** A runner that is retired from `idle`, for one of three reasons. */
function retiring(step: string, script: Script, events: Place['events'], left: string[]): [string, Place] {
  return [`running.retiring.${step}`, { script: { watchRunner: [HANGS], ...script }, events, left }];
}

export const PLACES: Record<string, Place> = {
  queued: { script: {}, left: PIPELINE },
  ...provisioning('creating', 'createVm'),
  ...provisioning('starting', 'startVm'),
  ...provisioning('sshReady', 'connectGuest'),
  ...provisioning('probing', 'probeGuest'),
  warm: { script: {}, job: STAND_IN, left: ['deleteVm'] },
  ...provisioning('jitConfig', 'obtainRunnerConfig'),
  'runnerOnline.launching.acting': { script: { launchRunner: [HANGS] }, left: from('launchRunner') },
  'runnerOnline.launching.waiting': { script: { launchRunner: [UNREACHABLE] }, left: from('launchRunner') },
  'runnerOnline.confirming.acting': { script: { confirmOnline: [HANGS] }, left: from('confirmOnline') },
  'runnerOnline.confirming.waiting': {
    script: { confirmOnline: [UNREACHABLE] },
    left: from('confirmOnline'),
  },
  'running.idle.watching': { script: { watchRunner: [HANGS] }, left: from('watchRunner') },
  'running.idle.waiting': { script: { watchRunner: [UNREACHABLE] }, left: from('watchRunner') },
  'running.busy.watching': { script: { watchRunner: [TOOK, HANGS] }, left: AFTER_IDLE },
  'running.busy.waiting': { script: { watchRunner: [TOOK, UNREACHABLE] }, left: AFTER_IDLE },
  // The runner took a job of another repository of its organization.
  'running.busy.releasing': {
    script: { watchRunner: [TOOK, HANGS] },
    events: [STILL_QUEUED, 60_000, STILL_QUEUED],
    left: AFTER_FINISHING,
  },
  'running.finishing.watching': {
    script: { watchRunner: [TOOK, HANGS, HANGS] },
    events: ENDED_HERE,
    left: AFTER_FINISHING,
  },
  'running.finishing.waiting': {
    script: { watchRunner: [TOOK, HANGS, UNREACHABLE] },
    events: ENDED_HERE,
    left: AFTER_FINISHING,
  },
  'running.verifying.acting': {
    script: { watchRunner: [TOOK, EXITED], recheckJob: [HANGS] },
    left: from('recheckJob'),
  },
  'running.verifying.waiting': {
    script: { watchRunner: [TOOK, EXITED], recheckJob: [UNREACHABLE] },
    left: from('recheckJob'),
  },
  ...Object.fromEntries([
    retiring('askingGuest.acting', { askGuest: [HANGS] }, CANCELLED, RETIRE),
    retiring('askingGuest.waiting', { askGuest: [UNREACHABLE] }, CANCELLED, RETIRE),
    retiring(
      'askingGuest.askingGitHub',
      { askGuest: SILENT, askGitHub: [HANGS] },
      [...CANCELLED, IS_SILENT],
      ['askGitHub', ...RETIRE],
    ),
    retiring('askingGuest.releasing', { askGuest: SILENT }, [...DRAINED, IS_SILENT], RETIRE),
    retiring('deregistering.acting', { deregisterRunner: [HANGS] }, CANCELLED, RETIRE.slice(1)),
    retiring('deregistering.waiting', { deregisterRunner: [UNREACHABLE] }, CANCELLED, RETIRE.slice(1)),
    retiring('checkingJob', { askGitHub: [HANGS] }, DRAINED, ['askGitHub', ...RETIRE.slice(2)]),
    retiring('releasing', {}, DRAINED, RETIRE.slice(2)),
    retiring('settling', {}, CANCELLED, RETIRE.slice(2)),
    retiring(
      'askingGuestAgain.acting',
      { askGuest: [NOT_WORKING, HANGS] },
      [...CANCELLED, SETTLES],
      RETIRE.slice(2),
    ),
    retiring(
      'askingGuestAgain.waiting',
      { askGuest: [NOT_WORKING, UNREACHABLE] },
      [...CANCELLED, SETTLES],
      RETIRE.slice(2),
    ),
    retiring(
      'askingGuestAgain.askingGitHub',
      { askGuest: [NOT_WORKING, ...SILENT], askGitHub: [HANGS] },
      [...CANCELLED, SETTLES + IS_SILENT],
      ['askGitHub', ...RETIRE.slice(2)],
    ),
    // GitHub did not respond to the first question for the job.
    retiring(
      'askingGuestAgain.releasing',
      { askGuest: [NOT_WORKING, ...SILENT], askGitHub: [UNREACHABLE] },
      [...DRAINED, SETTLES + IS_SILENT],
      RETIRE.slice(2),
    ),
    ...TEARDOWNS.map(teardown),
  ]),
};

/** Whether an actor stays in that state only until the dispatcher has taken its job. */
export const isDecided = (path: string) => /releasing|decided/.test(path);

/** What nobody does, so that an actor stays in that state. */
export const leftUndone = (path: string) => ({
  undispatched: isDecided(path),
  unscheduled: path.includes('askingToHold'),
});

/** A real actor at rest in that state, reached as a job would reach it; `further`: how later effects end. */
export async function rigAt(path: string, further: Script = {}): Promise<JobRig> {
  const place = PLACES[path];
  if (!place) throw new Error(`nobody said how to reach ${path}`);
  const script = { ...place.script, ...further };
  const rig = new JobRig({ script, job: place.job ?? JOB, ...leftUndone(path) });
  if (path !== 'queued') await rig.grantSlot();
  for (const event of place.events ?? [])
    await (typeof event === 'number' ? rig.clock.pass(event) : rig.send(event));
  return rig;
}
