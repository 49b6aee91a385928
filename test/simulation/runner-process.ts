import type { GitHubWorld } from '../../src/simulator/github/github-world.ts';
import type { Conclusion } from '../../src/simulator/github/jobs/job.ts';
import { completeJob, type Lease, renewJob, takeJob } from '../../src/simulator/github/jobs/job-lease.ts';
import { Refusal } from '../../src/simulator/github/refusal.ts';
import { nextMessage, openSession } from '../../src/simulator/github/runners/connection.ts';
import type { Session } from '../../src/simulator/github/runners/session.ts';
import { RUNNER_VERSION } from '../../src/simulator/guest/runner-scripts.ts';

/** How one life of a runner goes; times in milliseconds. */
export interface RunnerManners {
  /** From its start to its first request to GitHub; null never connects. */
  connectsAfter: number | null;
  /** It ends without a job, with this exit code of `run.sh`; null means that it does not. */
  exitsWith: number | null;
  /** From the end of its job to the end of its process; null stays for ever. */
  lingers: number | null;
  /** How long after it took a job the process is lost; null means never. */
  diesInJobAfter: number | null;
  /** It listens and never takes an assigned job. */
  ignoresJobs: boolean;
  /** Milliseconds by which its guest's clock is ahead. */
  clockSkew: number;
}

export interface Credentials {
  clientId: string;
  secret: string;
}

/** What the guest sees of its runner. */
export interface RunnerConsole {
  print(line: string): void;
  setWorking(working: boolean): void;
  /** Its work on a job is over, for this reason. */
  worked(jobId: number, how: WorkEnd): void;
}

/** `ended`: the runner reported the job's end. `refused`: GitHub ended the job by itself, and the runner heard of it. */
export type WorkEnd = 'ended' | 'refused' | 'died' | 'powerCut';

/** The same for the VM. `expired`: the agent powered it off at the end of its lifetime. */
export type VmWorkEnd = WorkEnd | 'expired';

const RENEW_EVERY = 60_000;

/**
 * A runner in a simulated guest: connects, waits, takes a job, renews its lease, reports its end. It calls
 * the simulated GitHub directly, as the simulated runner does over HTTP. Resolves with the exit code of
 * `run.sh`, null when it was lost; never resolves once `power` is cut.
 */
export async function runRunner(
  world: GitHubWorld,
  credentials: Credentials,
  manners: RunnerManners,
  console: RunnerConsole,
  power: AbortSignal,
): Promise<number | null> {
  const { clock } = world;
  const say = (text: string) =>
    console.print(
      `${new Date(clock.now() + manners.clockSkew).toISOString().slice(0, 19).replace('T', ' ')}Z: ${text}`,
    );
  const sleep = (ms: number) => clock.sleepUntil(clock.now() + ms, power);
  if (manners.connectsAfter === null) return new Promise(() => undefined);
  await sleep(manners.connectsAfter);
  if (manners.exitsWith !== null) {
    console.print(`Exiting with unknown error code: ${manners.exitsWith}`);
    return manners.exitsWith;
  }
  const session = connected(world, credentials, manners, console);
  if (session === null) return 0;
  console.print('√ Connected to GitHub');
  say('Listening for Jobs');
  try {
    for (;;) {
      const message = await nextMessage(world, session, power);
      power.throwIfAborted();
      if (message?.kind !== 'job' || manners.ignoresJobs) continue;
      const lease = taken(world, session, message.jobId);
      if (lease === null) continue;
      const isLost = await work(world, session, lease, manners, { ...console, print: say }, power);
      if (isLost) return null;
      if (manners.lingers === null) return new Promise(() => undefined);
      await sleep(manners.lingers);
      return 0;
    }
  } catch (error) {
    if (power.aborted || !(error instanceof Refusal)) throw error;
    console.print(
      error.status === 403
        ? `An error occurred: ${error.message}`
        : 'The runner no longer exists on the server.',
    );
    return error.status === 403 ? 7 : 0;
  } finally {
    if (!power.aborted) session.close('closed');
  }
}

/** Null when GitHub refuses it; the reason is printed in the runner's own words. */
function connected(
  world: GitHubWorld,
  credentials: Credentials,
  { clockSkew }: RunnerManners,
  console: RunnerConsole,
): Session | null {
  try {
    const time = world.clock.now() + clockSkew;
    return openSession(world, { ...credentials, version: RUNNER_VERSION, os: 'macOS', time });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    console.print(
      error.status === 401
        ? 'Failed to create a session. The runner registration has been deleted from the server, please re-configure.'
        : `An error occurred: ${error.message}`,
    );
    return null;
  }
}

function taken(world: GitHubWorld, session: Session, jobId: number): Lease | null {
  try {
    return takeJob(world, session, jobId);
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}

/** True when the process was lost in the middle. A job's one step says how long it takes and how it ends: `60000 failure`. */
async function work(
  world: GitHubWorld,
  session: Session,
  lease: Lease,
  manners: RunnerManners,
  console: RunnerConsole,
  power: AbortSignal,
): Promise<boolean> {
  const { clock } = world;
  const { name, steps } = lease.job.spec;
  const [ms, planned] = (steps[0]?.run ?? '0 success').split(' ');
  console.print(`Running job: ${name}`);
  console.setWorking(true);
  const cancelled = new AbortController();
  const over = new AbortController();
  const stops = AbortSignal.any([power, cancelled.signal]);
  void listenForCancel(world, session, cancelled, AbortSignal.any([power, over.signal]));
  const endsAt = clock.now() + Number(ms);
  const diesAt =
    manners.diesInJobAfter === null ? Number.POSITIVE_INFINITY : clock.now() + manners.diesInJobAfter;
  let conclusion = planned as Conclusion;
  let how: WorkEnd = 'powerCut';
  try {
    while (clock.now() < endsAt) {
      const next = Math.min(endsAt, diesAt, clock.now() + RENEW_EVERY);
      await clock.sleepUntil(next, stops).catch(() => power.throwIfAborted());
      if (cancelled.signal.aborted) {
        conclusion = 'cancelled';
        break;
      }
      if (clock.now() >= diesAt) {
        how = 'died';
        return true;
      }
      renewJob(world, lease.token);
    }
    completeJob(world, lease.token, conclusion);
    how = 'ended';
  } catch (error) {
    // GitHub ended the job by itself.
    if (power.aborted || !(error instanceof Refusal)) throw error;
    conclusion = 'cancelled';
    how = 'refused';
  } finally {
    console.worked(lease.job.id, how);
    if (!power.aborted) {
      over.abort();
      console.setWorking(false);
    }
  }
  const result = { success: 'Succeeded', failure: 'Failed', cancelled: 'Canceled' }[conclusion];
  console.print(`Job ${name} completed with result: ${result}`);
  return false;
}

async function listenForCancel(
  world: GitHubWorld,
  session: Session,
  cancelled: AbortController,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    const message = await nextMessage(world, session, until).catch(() => 'ended' as const);
    if (message === 'ended') return;
    if (message?.kind === 'cancel') cancelled.abort();
  }
}
