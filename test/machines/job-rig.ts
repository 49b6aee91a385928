import { createActor, fromPromise, type SnapshotFrom } from 'xstate';
import type { FailureCode } from '../../machines/failure.ts';
import { type Job, NO_JOB } from '../../machines/job/context.ts';
import type { JobEffects } from '../../machines/job/effects.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import { DEFAULT_POLICY, type JobPolicy } from '../../machines/job/policy.ts';
import { releasedJob } from '../../machines/job/release.ts';
import { createJobMachine, type JobMachine } from '../../machines/job.ts';
import { waitUntil } from '../../src/wait-until.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { JOB, rejectionWith, START } from './job-samples.ts';
import { pathOf } from './machine-walk.ts';

type Acting = keyof JobEffects;

/** How one call of an effect ends: `hangs` never does, `fails` rejects with that code. */
export type Reply<Name extends Acting> =
  | JobEffects[Name]['output']
  | { hangs: true }
  | { fails: FailureCode; retryAt?: number };
export type Script = { [Name in Acting]?: Reply<Name>[] };

export const HANGS = { hangs: true } as const;

type Defaults = { [Name in Acting]: (input: JobEffects[Name]['input']) => JobEffects[Name]['output'] };
/** A world in which nothing fails and the runner takes its job at once. */
const WELL: Defaults = {
  createVm: ({ vmName }) => ({ vmId: `id-of-${vmName}` }),
  startVm: () => ({ expiresAt: START + 6 * 3_600_000 }),
  connectGuest: () => ({ address: { host: '10.0.0.5', port: 2222 }, hostKey: 'SHA256:abc' }),
  probeGuest: () => ({ runnerVersion: '2.330.0' }),
  obtainRunnerConfig: () => ({ runnerId: 7, mode: 'jit' }),
  launchRunner: () => null,
  confirmOnline: () => ({ runnerId: 7 }),
  watchRunner: ({ until }) => ({ ended: until === 'activity' ? 'tookJob' : 'exited', failure: null }),
  recheckJob: () => ({ status: 'completed', conclusion: 'success', here: true }),
  askGitHub: () => ({ status: 'queued', conclusion: null, here: false, runner: 'absent' }),
  askGuest: () => ({ answer: 'notWorking' }),
  deregisterRunner: () => ({ answer: 'removed' }),
  openVm: () => ({ isRunning: true, ssh: null, vnc: { host: '10.0.0.5', port: 5901 } }),
  deleteVm: () => null,
  removeRunner: () => null,
};
const ACTING = Object.keys(WELL) as Acting[];

export interface Call {
  effect: Acting;
  at: number;
  input: Record<string, unknown>;
}

export interface RigOptions {
  script?: Script;
  job?: Job;
  now?: number;
  /** A persisted snapshot that was read back from JSON. */
  stored?: unknown;
  /** No effect ends. */
  stalled?: boolean;
  /** The job of a decided attempt is not released. */
  undispatched?: boolean;
  /** Nobody says whether a VM may be held. */
  unscheduled?: boolean;
  policy?: JobPolicy;
}

/**
 * One job actor in a world that follows a script, on a clock that the test moves. As the dispatcher does, the
 * rig releases the job when its attempt is decided, and as the scheduler does, it lets VMs be held.
 */
export class JobRig {
  readonly clock: ManualClock;
  readonly calls: Call[] = [];
  readonly path: string[] = [];
  /** The released jobs, in the order of their release. */
  readonly released: Job[] = [];
  readonly machine: JobMachine;
  readonly #actor;
  readonly #script: Script;
  #stalled: boolean;

  constructor({
    script = {},
    job = JOB,
    now = START,
    stored,
    stalled = false,
    undispatched = false,
    unscheduled = false,
    policy = DEFAULT_POLICY,
  }: RigOptions = {}) {
    this.clock = new ManualClock(now);
    this.#script = structuredClone(script);
    this.#stalled = stalled;
    const { clock } = this;
    const effects = Object.fromEntries(ACTING.map((name) => [name, this.#effect(name)]));
    this.machine = createJobMachine({ policy, now: clock.now }).provide({
      actors: {
        ...effects,
        waitUntil: waitUntil(clock),
      },
    } as never);
    this.#actor = createActor(this.machine, {
      input: { job },
      ...(stored ? { snapshot: stored as never } : {}),
    });
    this.#actor.subscribe({
      next: (snapshot) => {
        const path = pathOf(snapshot.value);
        if (this.path.at(-1) !== path) this.path.push(path);
        if (snapshot.hasTag('asksToHold') && !unscheduled) this.#actor.send({ type: 'hold.granted' });
        if (!snapshot.hasTag('decided') || undispatched) return;
        this.released.push(releasedJob(snapshot.context, policy, clock.now()));
        this.#actor.send({ type: 'job.released' });
      },
      error: (error) => this.path.push(`error: ${error}`),
    });
    this.#actor.start();
  }

  get snapshot(): SnapshotFrom<JobMachine> {
    return this.#actor.getSnapshot();
  }

  get context() {
    return this.snapshot.context;
  }

  get at(): string {
    return pathOf(this.snapshot.value);
  }

  /** How often each effect was called, in the order of first calls. */
  get counts(): Partial<Record<Acting, number>> {
    const counts: Partial<Record<Acting, number>> = {};
    for (const { effect } of this.calls) counts[effect] = (counts[effect] ?? 0) + 1;
    return counts;
  }

  callsOf(effect: Acting): Call[] {
    return this.calls.filter((call) => call.effect === effect);
  }

  async send(...events: JobEvent[]): Promise<void> {
    for (const event of events) {
      this.#actor.send(event);
      await settled();
    }
  }

  /** Each VM of a job gets the next hundred numbers; those of a warm VM start at an instant. */
  async grantSlot(): Promise<void> {
    const { id, attempt } = this.context.job;
    const first = id === NO_JOB ? this.clock.now() : attempt * 100 + 1;
    await this.send({ type: 'slot.granted', host: 'mini-1', numbers: { first, last: first + 99 } });
  }

  /** The record that the store would have now. */
  stored(): unknown {
    return JSON.parse(JSON.stringify(this.#actor.getPersistedSnapshot()));
  }

  /** No effect ends any more. */
  stall(): void {
    this.#stalled = true;
  }

  /** The process ends. */
  stop(): void {
    this.#actor.stop();
  }

  /** Lets time pass until the actor ends or waits for a slot; returns where it came to rest. */
  async finish(): Promise<string> {
    await settled();
    for (let i = 0; i < 200 && this.snapshot.status === 'active'; i += 1) {
      const [next] = this.clock.alarms;
      if (this.at === 'queued' || next === undefined) break;
      await this.clock.passUntil(next);
    }
    return this.at;
  }

  #effect<Name extends Acting>(name: Name) {
    return fromPromise<unknown, JobEffects[Name]['input']>(async ({ input }) => {
      this.calls.push({ effect: name, at: this.clock.now(), input: structuredClone(input) as never });
      const reply = this.#stalled ? HANGS : this.#script[name]?.shift();
      if (reply === undefined) return WELL[name](input);
      if (reply !== null && 'hangs' in reply) return new Promise(() => undefined);
      if (reply !== null && 'fails' in reply) throw rejectionWith(reply.fails, reply.retryAt ?? null);
      return reply;
    });
  }
}

/** A rig whose job has got its slot. */
export async function started(options: RigOptions = {}): Promise<JobRig> {
  const rig = new JobRig(options);
  await rig.grantSlot();
  return rig;
}

/** The same reply for so many calls. */
export const times = <T>(count: number, reply: T): T[] => Array.from({ length: count }, () => ({ ...reply }));
