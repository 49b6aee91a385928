import { fromPromise } from 'xstate';
import type { Failure } from '../failure.ts';
import { waitUntil } from '../waits.ts';
import type { Address, GuestRef, JobStatus, Runner, RunnerRef, RunnerScope, Vm, VmImage } from './context.ts';

interface JobRef {
  owner: string;
  repository: string;
  jobId: number;
}

/**
 * The effects of the machine. Their inputs are in the snapshot and are the same after a restart, so each holds only
 * what identifies its object. Each effect looks first and then does what is missing (law 2). All reject with an error
 * that has a `Failure`.
 */
export interface JobEffects {
  /** `isWarm`: no job waits for the VM, so the time in which it may wait for one is added to its lifetime. */
  createVm: {
    input: { host: string; vmName: string; profile: string; image?: VmImage | null; isWarm?: boolean };
    output: { vmId: string };
  };
  startVm: { input: { host: string; vmId: string }; output: { expiresAt: number | null } };
  connectGuest: {
    input: { host: string; vmId: string; hostKey: string | null };
    output: { address: NonNullable<Vm['address']>; hostKey: string };
  };
  probeGuest: { input: GuestRef; output: { runnerVersion: string | null } };
  obtainRunnerConfig: {
    input: JobRef & { scope: RunnerScope; profile: string; runnerName: string };
    output: { runnerId: number | null; mode: 'jit' | 'token' };
  };
  launchRunner: {
    input: GuestRef & RunnerRef & { profile: string; mode: Runner['mode'] };
    output: null;
  };
  confirmOnline: { input: GuestRef & RunnerRef; output: { runnerId: number | null } };
  watchRunner: {
    input: GuestRef & { runnerName: string; until: 'activity' | 'exit' };
    /** `result`: how the job ended in the runner's own words, such as `Succeeded`; left out when its log does not say. */
    output: { ended: 'tookJob' | 'exited' | 'vanished'; failure: Failure | null; result?: string };
  };
  recheckJob: {
    input: JobRef & { runnerName: string };
    /** `takenBy`: the name of the runner that has the job or had it. */
    output: { status: JobStatus; conclusion: string | null; here: boolean; takenBy?: string };
  };
  /** The status of the job at GitHub, and whether GitHub has the runner. */
  askGitHub: {
    input: JobRef & RunnerRef;
    output: {
      status: JobStatus;
      conclusion: string | null;
      here: boolean;
      takenBy?: string;
      runner: 'online' | 'offline' | 'absent';
    };
  };
  askGuest: {
    input: GuestRef & { runnerName: string };
    output: { answer: 'working' | 'notWorking' | 'vanished' };
  };
  deregisterRunner: { input: RunnerRef; output: { answer: 'removed' | 'busy' } };
  /**
   * Makes the agent forward SSH and screen sharing of a held VM. `isRunning` false: the VM is gone or does not run, so
   * there is nothing to look into. `vnc` null: the agent cannot forward it.
   */
  openVm: {
    input: { host: string; vmId: string };
    output: { isRunning: boolean; ssh: Address | null; vnc: Address | null };
  };
  deleteVm: {
    input: { host: string; vmName: string; vmId: string | null };
    output: null;
  };
  removeRunner: { input: RunnerRef; output: null };
}

/** The id of a job's actor in its actor system, by which an effect finds its actor. */
export const JOB_ACTOR = 'job';

function placeholder<Name extends keyof JobEffects>(name: Name) {
  return fromPromise<JobEffects[Name]['output'], JobEffects[Name]['input']>(async () => {
    throw new Error(`the effect ${name} is given by machine.provide`);
  });
}

/** Placeholders that `machine.provide` replaces; their types hold each implementation to its contract. */
export const effectPlaceholders = {
  createVm: placeholder('createVm'),
  startVm: placeholder('startVm'),
  connectGuest: placeholder('connectGuest'),
  probeGuest: placeholder('probeGuest'),
  obtainRunnerConfig: placeholder('obtainRunnerConfig'),
  launchRunner: placeholder('launchRunner'),
  confirmOnline: placeholder('confirmOnline'),
  watchRunner: placeholder('watchRunner'),
  recheckJob: placeholder('recheckJob'),
  askGitHub: placeholder('askGitHub'),
  askGuest: placeholder('askGuest'),
  deregisterRunner: placeholder('deregisterRunner'),
  openVm: placeholder('openVm'),
  deleteVm: placeholder('deleteVm'),
  removeRunner: placeholder('removeRunner'),
  waitUntil,
};
