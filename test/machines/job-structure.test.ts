import { describe, expect, test } from 'vitest';
import type { AnyStateNode } from 'xstate';
import { NO_JOB } from '../../machines/job/context.ts';
import { effectPlaceholders } from '../../machines/job/effects.ts';
import { jobEffects } from '../../src/effects/job-effects.ts';
import { type Edge, jobGraph } from './job-graph.ts';
import { machine, STATES } from './job-step.ts';
import { allNodes, pathOf } from './machine-walk.ts';

const tops = Object.values(machine.root.states) as AnyStateNode[];
const nodes = allNodes(machine.root);
const { states, edges } = jobGraph();

const at = (snapshot: Edge['from']) => pathOf(snapshot.value);
const told = ({ from, label, to }: Edge) => `${at(from)} | ${label} | ${at(to)}`;
/** A part of the chart, whether it acts or waits at the moment. */
const partOf = (path: string) => path.split(' ')[0]?.replace(/\.(acting|waiting|watching)$/, '');

describe('the definition', () => {
  test('holds the states of the pipeline in their order, then the final ones', () => {
    expect(tops.map(({ key }) => key)).toEqual([
      'queued',
      'creating',
      'starting',
      'sshReady',
      'probing',
      'warm',
      'jitConfig',
      'runnerOnline',
      'running',
      'tearingDown',
      'done',
      'failed',
    ]);
  });

  test('says of each state in a sentence what it is, but for those whose name says it', () => {
    const shape = ['acting', 'watching', 'waiting', 'blocked', 'looking', 'gone'];
    for (const { id, key, description, parent } of nodes) {
      if (parent && !shape.includes(key)) expect(description, id).toMatch(/^[A-Z].+\.$/);
    }
  });

  test('orders exactly the effects that the daemon provides', () => {
    const ordered = new Set(nodes.flatMap(({ invoke }) => invoke.map(({ src }) => String(src))));
    const provided = jobEffects({} as never, () => Promise.resolve(), {} as never);
    expect([...ordered].sort()).toEqual(Object.keys(effectPlaceholders).sort());
    expect([...Object.keys(provided), 'waitUntil'].sort()).toEqual(Object.keys(effectPlaceholders).sort());
  });
});

describe('in everything that can happen', () => {
  test('every state is reached', () => {
    expect([...new Set(states.map(at))].sort()).toEqual([...STATES].sort());
  });

  test('nothing makes the machine itself fail', () => {
    expect(edges.filter(({ to }) => to.status === 'error').map(told)).toEqual([]);
  });

  test('what an actor knows survives JSON', () => {
    for (const { context } of states) expect(JSON.parse(JSON.stringify(context))).toStrictEqual(context);
  });

  test('every state can still come to an end', () => {
    const before = new Map<Edge['from'], Edge['from'][]>();
    for (const { from, to } of edges) before.set(to, [...(before.get(to) ?? []), from]);
    const ending = new Set(states.filter(({ status }) => status === 'done'));
    for (const state of ending) for (const earlier of before.get(state) ?? []) ending.add(earlier);
    expect(states.filter((state) => !ending.has(state)).map(at)).toEqual([]);
  });

  test('law 9: whoever has a VM ends through the teardown, and can get there from everywhere', () => {
    const ends = edges.filter(({ from, to }) => to.status === 'done' && from.status === 'active');
    expect(new Set(ends.map(({ from }) => at(from).split(/[. ]/)[0]))).toEqual(
      new Set(['queued', 'tearingDown']),
    );
    expect(states.filter((state) => at(state) === 'queued' && state.context.vm !== null)).toEqual([]);
    const leads = new Set(
      edges.filter(({ to }) => to.hasTag('tearingDown')).map(({ from }) => partOf(at(from))),
    );
    const withVm = STATES.filter((path) => !['queued', 'done', 'failed'].includes(path));
    expect(withVm.map(partOf).filter((part) => !leads.has(part))).toEqual([]);
  });

  test('a slot is held from its grant until the VM is gone', () => {
    for (const state of states) {
      const isHolding =
        state.context.vm !== null && state.status === 'active' && !at(state).includes('vm.gone');
      expect(state.hasTag('holdsSlot'), at(state)).toBe(isHolding);
    }
  });

  test('law 10: no job that still waits is dropped, and one that failed has its cause', () => {
    const ended = edges.filter(({ from, to }) => to.status === 'done' && from.status === 'active');
    const dropped = ended.filter(
      ({ to }) => at(to) === 'done' && to.context.job.status === 'queued' && !to.context.released,
    );
    expect(dropped.map(told)).toEqual([]);
    const uncaused = ended.filter(({ to }) => at(to) === 'failed' && to.context.failure === null);
    expect(uncaused.map(told)).toEqual([]);
  });

  test('the output of an actor says how its job ended, and nothing where none ended with it', () => {
    const ended = states.filter(({ status }) => status === 'done');
    const wrong = ended.filter(({ value, output, context: { job, released, failure } }) => {
      if (released || job.id === NO_JOB) return output !== null;
      return value === 'failed'
        ? output?.outcome !== 'failed' || output.cause !== failure
        : output === null || output?.outcome === 'failed' || output?.cause !== null;
    });
    expect(ended.some(({ output }) => output === null)).toBe(true);
    expect(wrong.map(({ value, output }) => [value, output])).toEqual([]);
  });

  test('a job that was released is never started here again', () => {
    const again = edges.filter(
      ({ to }) => to.context.released && !to.hasTag('tearingDown') && at(to) !== 'done',
    );
    expect(again.map(told)).toEqual([]);
  });
});

/** All ways from a state in which a job may be running to one in which its VM may be deleted. */
const WAYS_OUT = [
  // Nothing was launched: the guest says so, and the configuration is lost.
  'runnerOnline.launching | launchRunner: RUNNER_CONFIG_LOST | jitConfig',
  // The runner process ended, by the guest's word.
  'runnerOnline.launching | launchRunner: RUNNER_EXITED | tearingDown',
  'runnerOnline.confirming | confirmOnline: RUNNER_EXITED | tearingDown',
  'running.idle | watchRunner: exited after a job | running.verifying',
  'running.idle | watchRunner: exited without a job | running.verifying',
  'running.busy | watchRunner: exited after a job | running.verifying',
  'running.busy | watchRunner: exited without a job | running.verifying',
  'running.busy | watchRunner: exited after a job | tearingDown',
  'running.busy | watchRunner: exited without a job | tearingDown',
  'running.finishing | watchRunner: exited after a job | tearingDown',
  'running.finishing | watchRunner: exited without a job | tearingDown',
  // GitHub called its job completed, and its grace is over.
  'running.finishing | phaseDeadline: ended | tearingDown',
  'running.finishing | phaseDeadline: failed | tearingDown',
  // The second answer of the retire protocol.
  'running.retiring.askingGuestAgain | askGuest: not working | tearingDown',
  // The VM is gone, by the agent's word, and its job with it.
  'running.idle | watchRunner: VM vanished | tearingDown',
  'running.busy | watchRunner: VM vanished | tearingDown',
  'running.finishing | watchRunner: VM vanished | tearingDown',
  'running.retiring.askingGuest | askGuest: VM vanished | tearingDown',
  'running.retiring.askingGuestAgain | askGuest: VM vanished | tearingDown',
  'runnerOnline.launching | VM vanished | tearingDown',
  'runnerOnline.confirming | VM vanished | tearingDown',
  ...[
    'running.idle',
    'running.busy',
    'running.finishing',
    'running.retiring.askingGuest',
    'running.retiring.deregistering',
    'running.retiring.settling',
    'running.retiring.askingGuestAgain',
  ].flatMap((part) => [
    `${part} | VM vanished | tearingDown`,
    // The VM outlived the lifetime that the operator gave it.
    `${part} | lifetime: ended | tearingDown`,
    `${part} | lifetime: failed | tearingDown`,
  ]),
];

test('law 5: a VM whose runner may be busy is given up in these ways and no other', () => {
  const out = edges
    .filter(({ from, to }) => from.hasTag('mayBeBusy') && !to.hasTag('mayBeBusy'))
    .map(({ from, label, to }) => `${partOf(at(from))} | ${label} | ${partOf(at(to))}`);
  expect([...new Set(out)].sort()).toEqual([...WAYS_OUT].sort());
});

test('law 5: from the launch until the runner is known to have ended, a state says that it may be busy', () => {
  const silent = STATES.filter((path) => /^(runnerOnline|running)/.test(path)).filter(
    (path) => !states.find((state) => at(state) === path)?.hasTag('mayBeBusy'),
  );
  expect(silent).toEqual(['running.verifying.acting', 'running.verifying.waiting']);
});
