import type { AnyEventObject } from 'xstate';
import { getAdjacencyMap } from 'xstate/graph';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { ANSWERS, EXTERNAL_EVENTS, JOB, rejectionWith, STAND_IN } from './job-samples.ts';
import { done, effectsIn, machine, rejected, type Snapshot } from './job-step.ts';
import { pathOf } from './machine-walk.ts';

export interface Edge {
  from: Snapshot;
  /** As people say it: `createVm: made`, `phaseDeadline: ended`, `completed here`. */
  label: string;
  to: Snapshot;
}

/** One code for each way in which the machine tells rejections apart. */
export const TELLING_CODES = [
  'HOST_UNREACHABLE',
  'VM_LIMIT_REACHED',
  'GUEST_IDENTITY_CHANGED',
  'RUNNER_NAME_TAKEN',
  'RUNNER_CONFIG_LOST',
  'RUNNER_EXITED',
] as const;

const labels = new WeakMap<AnyEventObject, string>();
const labelled = (label: string, event: AnyEventObject) => {
  labels.set(event, label);
  return event;
};
const fromOutside = Object.entries(EXTERNAL_EVENTS).map(([label, event]) => labelled(label, { ...event }));

function eventsIn(path: string): AnyEventObject[] {
  const ends = effectsIn(path).flatMap(({ id, src }) => {
    const answers = Object.entries(ANSWERS[src] ?? {});
    const rejections =
      src === 'waitUntil'
        ? [labelled(`${id}: failed`, rejected(id, new Error('the clock stopped')))]
        : TELLING_CODES.map((code) => labelled(`${id}: ${code}`, rejected(id, rejectionWith(code))));
    return [
      ...answers.map(([answer, output]) => labelled(`${id}: ${answer}`, done(id, output))),
      ...rejections,
    ];
  });
  return [...fromOutside, ...ends];
}

/** What of the context a guard looks at; two snapshots alike in it have the same future. */
function keyOf({ value, context }: Snapshot): string {
  const { job, vm, runner, failure, released } = context;
  return JSON.stringify([
    pathOf(value),
    job.id === STAND_IN.id,
    job.status,
    job.profile === vm?.profile,
    Math.min(job.attemptsFailed, DEFAULT_POLICY.maxAttempts),
    vm !== null,
    runner !== null && runner.name === vm?.name,
    runner !== null,
    failure !== null,
    failure?.code === 'OPERATOR_CANCELLED',
    released,
  ]);
}

/** Everything that a job's actor can come to, and how; walked by XState from a job's first sight, and a warm VM's. */
export function jobGraph(): { states: Snapshot[]; edges: Edge[] } {
  const known = new Map<string, AnyEventObject[]>();
  const events = (snapshot: Snapshot) => {
    if (snapshot.status !== 'active') return [];
    const path = pathOf(snapshot.value);
    if (!known.has(path)) known.set(path, eventsIn(path));
    return known.get(path) ?? [];
  };
  const maps = [JOB, STAND_IN].map((job) =>
    getAdjacencyMap(machine, {
      input: { job },
      events: events as never,
      serializeState: ((snapshot: Snapshot) => keyOf(snapshot)) as never,
      serializeEvent: ((event: AnyEventObject) => labels.get(event) ?? event.type) as never,
    }),
  );
  const values = maps.flatMap((map) => Object.values(map)) as unknown as {
    state: Snapshot;
    transitions: Record<string, { event: AnyEventObject; state: Snapshot }>;
  }[];
  // Representatives: edges end in the one snapshot that stands for all alike.
  const byKey = new Map(values.map(({ state }) => [keyOf(state), state]));
  const edges = values.flatMap(({ state, transitions }) =>
    Object.values(transitions).map((taken) => ({
      from: state,
      label: labels.get(taken.event) ?? taken.event.type,
      to: byKey.get(keyOf(taken.state)) ?? taken.state,
    })),
  );
  return { states: [...byKey.values()], edges };
}
