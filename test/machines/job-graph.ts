import { type AnyEventObject, initialTransition } from 'xstate';
import type { Job, JobContext } from '../../machines/job/context.ts';
import { OVER } from './job-effects-table.ts';
import { ANSWERS, EXTERNAL_EVENTS, JOB, rejectionWith, STAND_IN, START } from './job-samples.ts';
import { done, effectsIn, machine, rejected, type Snapshot, step } from './job-step.ts';
import { pathOf } from './machine-walk.ts';

/** Failures that end a job that runs. */
const LOSSES = ['VM_VANISHED', 'LIFETIME_EXCEEDED', 'RUNNER_EXITED', 'RUNNER_DIED', 'RUNNER_LOST_CONTACT'];

export interface Edge {
  from: Snapshot;
  /**
   * In words: `createVm: made`, `phaseDeadline: ended`, `completed here`; with `, late` when a day makes a
   * difference.
   */
  label: string;
  to: Snapshot;
}

/** One code for each kind of rejection that the machine distinguishes. */
export const TELLING_CODES = [
  'HOST_UNREACHABLE',
  'VM_LIMIT_REACHED',
  'GUEST_IDENTITY_CHANGED',
  'VM_NAME_TAKEN',
  'RUNNER_NAME_TAKEN',
  'RUNNER_CONFIG_LOST',
  'JOB_OUTCOME_UNKNOWN',
  'RUNNER_EXITED',
  'RUNNER_DIED',
  'GITHUB_NOT_FOUND',
  'PROFILE_UNKNOWN',
  'JOB_NO_LONGER_QUEUED',
] as const;

type Cause = [label: string, event: AnyEventObject];

/** Events that the machine handles in another way when time has passed. */
const LATE = /^(askGuest|askGitHub|removeRunner|job still queued)/;
const LONG_AGO = START - 24 * 3_600_000;

/** The snapshot as if its state, its VM and its other job had lasted for a day, or had just begun. */
export function aged(snapshot: Snapshot, isLate: boolean): Snapshot {
  const at = isLate ? LONG_AGO : START;
  const { phase, vm, otherJobSince } = snapshot.context;
  const context: JobContext = {
    ...snapshot.context,
    phase: { ...phase, enteredAt: at },
    vm: vm && { ...vm, expiresAt: vm.expiresAt && at },
    otherJobSince: otherJobSince && at,
  };
  return Object.assign(Object.create(Object.getPrototypeOf(snapshot)), snapshot, { context });
}

const fromOutside: Cause[] = Object.entries(EXTERNAL_EVENTS);
const RELEASED: Cause[] = fromOutside.filter(([, { type }]) => type === 'job.released');

function endsIn(path: string): Cause[] {
  return effectsIn(path).flatMap(({ id, src }) => {
    const answers = Object.entries(ANSWERS[src] ?? {});
    const rejections: Cause[] =
      src === 'waitUntil'
        ? [[`${id}: failed`, rejected(id, new Error('the clock stopped'))]]
        : TELLING_CODES.map((code) => [`${id}: ${code}`, rejected(id, rejectionWith(code))]);
    return [
      ...answers.map(([answer, output]): Cause => [`${id}: ${answer}`, done(id, output)]),
      ...rejections,
    ];
  });
}

/**
 * The events that can reach an actor in this state. The dispatcher releases the job of a decided attempt
 * before anything else can happen, and routing gives no queued job to an actor whose VM is being removed.
 */
function causesIn(snapshot: Snapshot): Cause[] {
  if (snapshot.hasTag('decided')) return RELEASED;
  const outside = fromOutside.filter(
    ([, event]) =>
      !(snapshot.hasTag('leaving') && event.type === 'job.exchanged' && event.job.status === 'queued'),
  );
  return [...outside, ...endsIn(pathOf(snapshot.value))];
}

/**
 * The parts of the context that guards of this state or of later ones read; snapshots with equal keys behave
 * alike.
 */
function keyOf({ value, context }: Snapshot): string {
  const { job, vm, runner, failure, otherJobSince, hold } = context;
  const path = pathOf(value);
  return JSON.stringify([
    path,
    job.id === STAND_IN.id ? null : [job.status, job.takenBy?.isOurs, job.conclusion],
    failure === null ? null : [OVER.includes(failure.code), LOSSES.includes(failure.code)],
    path === 'queued' && vm !== null,
    path.startsWith('jitConfig') && runner?.mode,
    path.startsWith('running.busy') && otherJobSince === null,
    job.holdOrder !== null,
    hold === null ? null : [hold.ended],
  ]);
}

/** Every state that a job's actor can reach, and how, from a new job and from a new warm VM. */
export function jobGraph(): { states: Snapshot[]; edges: Edge[] } {
  const byKey = new Map<string, Snapshot>();
  const edges: Edge[] = [];
  const arrive = (snapshot: Snapshot) => {
    const key = keyOf(snapshot);
    const known = byKey.get(key);
    if (known) return known;
    byKey.set(key, snapshot);
    return snapshot;
  };
  const begin = (job: Job) => initialTransition(machine, { job })[0] as Snapshot;
  for (const job of [JOB, STAND_IN]) arrive(begin(job));
  // The iteration includes entries that are added during it.
  for (const from of byKey.values()) {
    if (from.status !== 'active') continue;
    for (const [label, event] of causesIn(from)) {
      const take = (isLate: boolean) => arrive(step(aged(from, isLate), event).after);
      const [to, later] = [take(false), LATE.test(label) ? take(true) : null];
      edges.push({ from, label, to });
      if (later && later !== to) edges.push({ from, label: `${label}, late`, to: later });
    }
  }
  return { states: [...byKey.values()], edges };
}
