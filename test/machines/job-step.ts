import { type AnyEventObject, getStateNodes, type StateValue, transition } from 'xstate';
import type { JobContext } from '../../machines/job/context.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { createJobMachine } from '../../machines/job.ts';
import { contextAt, START } from './job-samples.ts';
import { ENTRIES } from './job-table.ts';
import { canBeTogether } from './job-teardown.ts';
import { pathOf, restingValues } from './machine-walk.ts';

export const machine = createJobMachine({ policy: DEFAULT_POLICY, now: () => START });

const values = new Map<string, StateValue>(restingValues(machine).map((value) => [pathOf(value), value]));

/** Every state in which a job's actor can come to rest. */
export const STATES = [...values.keys()].filter((path) => {
  const [, vm, runner] = /^tearingDown vm\.(\w+) runner\.(\w+)/.exec(path) ?? [];
  return vm === undefined || runner === undefined || canBeTogether(vm, runner);
});

export type Snapshot = ReturnType<typeof snapshotAt>;

/** An actor at rest in a state, as pure data. */
export function snapshotAt(path: string, more: Partial<JobContext> = {}) {
  const value = values.get(path);
  if (value === undefined) throw new Error(`the job machine has no state ${path}`);
  return machine.resolveState({ value: value as never, context: contextAt(path, more) });
}

/** Ids and names of the effects that run in a state. */
export function effectsIn(path: string): { id: string; src: string }[] {
  return getStateNodes(machine.root, snapshotAt(path).value).flatMap(({ invoke }) =>
    invoke.map(({ id, src }) => ({ id, src: String(src) })),
  );
}

export interface Step {
  before: Snapshot;
  after: Snapshot;
  from: string;
  to: string;
  /** Ids of effects that this step started. */
  started: string[];
}

/** Applies one event without an actor. */
export function step(before: Snapshot, event: AnyEventObject): Step {
  const [after, actions] = transition(machine, before, event as never);
  if (after.status === 'error') throw after.error;
  const started = actions
    .filter(({ type }) => type === 'xstate.spawnChild')
    .map(({ params }) => (params as { id: string }).id);
  return { before, after, from: pathOf(before.value), to: pathOf(after.value), started };
}

export const done = (id: string, output: unknown) => ({
  type: `xstate.done.actor.${id}`,
  output,
  actorId: id,
});
export const rejected = (id: string, error: unknown) => ({
  type: `xstate.error.actor.${id}`,
  error,
  actorId: id,
});

const short = new Map(Object.entries(ENTRIES).map(([name, path]) => [path, name]));
const parent = (path: string) => path.slice(0, path.lastIndexOf('.'));

/** The name in the tables for a teardown that was just entered, by the state of its job part. */
const TEARDOWN: Record<string, string> = { acting: 'asks', decided: 'frees', gone: 'ends' };

/**
 * The table's cell for a step: the part of the chart that it enters, if any, and whether the attempt counts
 * as failed.
 */
export function entryOf({ before, after, from, to, started }: Step): string {
  if (from === to && started.length === 0) return '·';
  const counted = after.context.job.attemptsFailed > before.context.job.attemptsFailed ? '+' : '';
  const isEntered = to.startsWith('tearingDown') && !from.startsWith('tearingDown');
  const entry = isEntered ? TEARDOWN[to.slice(to.lastIndexOf('.') + 1)] : short.get(to);
  return `${entry ?? to}${counted}`;
}

/** The same, but between sibling states only the last name is given. */
export function cellOf(taken: Step): string {
  const { from, to, started } = taken;
  if (from === to && started.length > 0) return 'again';
  const isNearby = from.includes('.') && !from.includes(' ') && parent(from) === parent(to);
  return isNearby && from !== to ? to.slice(to.lastIndexOf('.') + 1) : entryOf(taken);
}
