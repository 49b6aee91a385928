import type { Job } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { JOB, STAND_IN } from './job-samples.ts';

/** How an actor comes to rest in a state, and which effects must still run from there when all goes well. */
export interface Place {
  script: Script;
  /** Another than the usual one. */
  job?: Job;
  events?: JobEvent[];
  /** Milliseconds that pass after the events. */
  passes?: number;
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
const ENDED_HERE: JobEvent[] = [{ type: 'job.completed', conclusion: 'success', here: true }];
const CANCELLED: JobEvent[] = [{ type: 'job.completed', conclusion: 'cancelled', here: false }];

function provisioning(state: string, effect: keyof Script): Record<string, Place> {
  const left = from(effect);
  return {
    [`${state}.acting`]: { script: { [effect]: [HANGS] }, left },
    [`${state}.waiting`]: { script: { [effect]: [UNREACHABLE] }, left },
    [`${state}.blocked`]: { script: { [effect]: [FULL] }, left },
  };
}

/** A teardown whose two parts stand at the given replies. */
function teardown(vm: 'acting' | 'waiting' | 'gone', runner: 'acting' | 'waiting' | 'gone'): Place {
  const replies = { acting: [HANGS], waiting: [UNREACHABLE], gone: [] };
  return {
    script: { deleteVm: [...replies[vm]], removeRunner: [...replies[runner]] },
    left: [...(vm === 'gone' ? [] : ['deleteVm']), ...(runner === 'gone' ? [] : ['removeRunner'])],
  };
}

function retiring(step: string, script: Script, left: string[], passes = 0): [string, Place] {
  const place = { script: { watchRunner: [HANGS], ...script }, events: CANCELLED, passes, left };
  return [`running.retiring.${step}`, place];
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
    retiring('askingGuest.acting', { askGuest: [HANGS] }, RETIRE),
    retiring('askingGuest.waiting', { askGuest: [UNREACHABLE] }, RETIRE),
    retiring('deregistering.acting', { deregisterRunner: [HANGS] }, RETIRE.slice(1)),
    retiring('deregistering.waiting', { deregisterRunner: [UNREACHABLE] }, RETIRE.slice(1)),
    retiring('settling', {}, RETIRE.slice(2)),
    retiring('askingGuestAgain.acting', { askGuest: [NOT_WORKING, HANGS] }, RETIRE.slice(2), 30_000),
    retiring('askingGuestAgain.waiting', { askGuest: [NOT_WORKING, UNREACHABLE] }, RETIRE.slice(2), 30_000),
  ]),
  'tearingDown vm.acting runner.acting': teardown('acting', 'acting'),
  'tearingDown vm.acting runner.waiting': teardown('acting', 'waiting'),
  'tearingDown vm.acting runner.gone': teardown('acting', 'gone'),
  'tearingDown vm.waiting runner.acting': teardown('waiting', 'acting'),
  'tearingDown vm.waiting runner.waiting': teardown('waiting', 'waiting'),
  'tearingDown vm.waiting runner.gone': teardown('waiting', 'gone'),
  'tearingDown vm.gone runner.acting': teardown('gone', 'acting'),
  'tearingDown vm.gone runner.waiting': teardown('gone', 'waiting'),
};

/** A real actor at rest in that state, reached by the way that a job takes. */
export async function rigAt(path: string): Promise<JobRig> {
  const place = PLACES[path];
  if (!place) throw new Error(`nobody said how to reach ${path}`);
  const rig = new JobRig({ script: place.script, job: place.job ?? JOB });
  if (path !== 'queued') await rig.grantSlot();
  await rig.send(...(place.events ?? []));
  await rig.clock.pass(place.passes ?? 0);
  return rig;
}
