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
  /** As people say it: `createVm: made`, `phaseDeadline: ended`, `completed here`; `, late` where a day makes a difference. */
  label: string;
  to: Snapshot;
}

/** One code for each way in which the machine tells rejections apart. */
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

/** What the machine takes in another way when time has passed. */
const LATE = /^(askGuest|askGitHub|removeRunner|job still queued)/;
const LONG_AGO = START - 24 * 3_600_000;

/** What an actor would know if its state, its VM and the job of another had lasted for a day, or not at all. */
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
 * What can reach an actor in this state. The dispatcher releases the job of a decided attempt before anything else can
 * happen, and routing gives no queued job to an actor whose VM goes.
 */
function causesIn(snapshot: Snapshot): Cause[] {
  if (snapshot.hasTag('decided')) return RELEASED;
  const outside = fromOutside.filter(
    ([, event]) =>
      !(snapshot.hasTag('leaving') && event.type === 'job.exchanged' && event.job.status === 'queued'),
  );
  return [...outside, ...endsIn(pathOf(snapshot.value))];
}

/** What of the context a guard of this state or of a later one looks at; two snapshots alike in it have the same future. */
function keyOf({ value, context }: Snapshot): string {
  const { job, vm, runner, failure, otherJobSince } = context;
  const path = pathOf(value);
  return JSON.stringify([
    path,
    job.id === STAND_IN.id ? null : [job.status, job.ranOn, job.conclusion],
    failure === null ? null : [OVER.includes(failure.code), LOSSES.includes(failure.code)],
    path === 'queued' && vm !== null,
    path.startsWith('jitConfig') && runner?.mode,
    path.startsWith('running.busy') && otherJobSince === null,
  ]);
}

/** Everything that a job's actor can come to, and how; walked from a job's first sight, and a warm VM's. */
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
  // A map gives what is added to it while one walks through it, too.
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
