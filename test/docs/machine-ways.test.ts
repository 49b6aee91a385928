import { expect, test } from 'vitest';
import { getStateNodes } from 'xstate';
import { answersOf, type Way, waysOf } from '../../docs/machine-ways.ts';
import type { Job } from '../../machines/job/context.ts';
import { aged, TELLING_CODES } from '../machines/job-graph.ts';
import { ANSWERS, EXTERNAL_EVENTS, JOB, rejectionWith, STAND_IN, START } from '../machines/job-samples.ts';
import {
  done,
  effectsIn,
  machine,
  rejected,
  type Snapshot,
  STATES,
  type Step,
  snapshotAt,
  step,
} from '../machines/job-step.ts';

const OVER_JOB: Job = { ...JOB, status: 'completed', conclusion: 'success' };

const nodesOf = (snapshot: Snapshot) => getStateNodes(machine.root, snapshot.value);

const leavesOf = (snapshot: Snapshot) =>
  nodesOf(snapshot).filter(({ states }) => Object.keys(states).length === 0);

/** The transitions that the page lists for an event in this state, those of all its regions. */
function listed(before: Snapshot, eventType: string): Way[] {
  return leavesOf(before).flatMap((leaf) => answersOf(leaf, eventType));
}

/** The transitions that the page lists as taken at once; an event can make their guard true. */
function listedAtOnce(before: Snapshot): Way[] {
  return leavesOf(before).flatMap((leaf) => waysOf(leaf).filter(({ event }) => event === 'at once'));
}

/**
 * True when the step ended where this transition leads; the last region of a teardown to end ends the
 * teardown.
 */
function isTaken({ to }: Way, { before, after, started }: Step): boolean {
  const isStill = started.length === 0 && nodesOf(before).every((node) => nodesOf(after).includes(node));
  if (to === null) return isStill;
  return nodesOf(after).includes(to) || (to.type === 'final' && !after.hasTag('tearingDown'));
}

/** True when the state that this transition leads to was left at once. */
function isPassed({ to }: Way, taken: Step): boolean {
  return to !== null && waysOf(to).some((way) => way.event === 'at once' && way.to && isTaken(way, taken));
}

test('for every state and event the machine does what the page says', () => {
  const untold: string[] = [];
  const seen = new Set<string>();
  // Three kinds of actors react to some events in another way: one without a job, one that has been in its
  // state for long, and one whose job was said to be over.
  const look = (path: string, name: string, event: { type: string }) => {
    const snapshots = [
      snapshotAt(path),
      snapshotAt(path, { job: STAND_IN }),
      ...(path.startsWith('running.verifying') ? [snapshotAt(path, { job: OVER_JOB })] : []),
      aged(snapshotAt(path, { job: JOB, otherJobSince: START }), true),
    ];
    for (const before of snapshots) lookFrom(before, path, name, event);
  };
  const lookFrom = (before: Snapshot, path: string, name: string, event: { type: string }) => {
    const taken = step(before, event);
    const ways = listed(before, event.type);
    const isAtOnce = listedAtOnce(before).some((way) => isTaken(way, taken));
    const isWay = (way: Way) => isTaken(way, taken) || (way.to === null && isAtOnce) || isPassed(way, taken);
    for (const way of ways.filter(isWay)) seen.add(`${path} | ${event.type} | ${way.to?.id}`);
    const isTold = isAtOnce || ways.some(isWay) || (ways.length === 0 && taken.from === taken.to);
    if (!isTold) untold.push(`${path} | ${name} → ${taken.to}`);
  };
  for (const path of STATES) {
    for (const [name, event] of Object.entries(EXTERNAL_EVENTS)) look(path, name, event);
    for (const { id, src } of effectsIn(path)) {
      for (const [name, output] of Object.entries(ANSWERS[src] ?? {})) look(path, name, done(id, output));
      for (const code of TELLING_CODES) look(path, code, rejected(id, rejectionWith(code)));
    }
  }
  expect(untold).toEqual([]);
  const types = (path: string) => [
    ...Object.values(EXTERNAL_EVENTS).map(({ type }) => type),
    ...effectsIn(path).flatMap(({ id }) => [`xstate.done.actor.${id}`, `xstate.error.actor.${id}`]),
  ];
  const neverTaken = STATES.flatMap((path) =>
    types(path).flatMap((type) =>
      listed(snapshotAt(path), type)
        // What the states above do with it counts only where no region has an answer of its own.
        .filter(({ to }, _, ways) => to !== null || ways.every((way) => way.to === null))
        .map(({ to }) => `${path} | ${type} | ${to?.id}`)
        .filter((way) => !seen.has(way)),
    ),
  );
  expect([...new Set(neverTaken)]).toEqual([]);
});
