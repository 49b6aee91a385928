import { describe, expect, test } from 'vitest';
import { NO_JOB } from '../../machines/job/context.ts';
import { JOB_OUTCOMES } from '../../machines/job/job-end.ts';
import { isInSlot } from '../../machines/job/written-state.ts';
import { statePath } from '../../machines/state-path.ts';
import { OVER } from './job-effects-table.ts';
import { type Edge, jobGraph } from './job-graph.ts';
import { isDecided } from './job-places.ts';
import { STATES, snapshotAt, step } from './job-step.ts';
import { pathOf } from './machine-walk.ts';

const { states, edges } = jobGraph();

const at = (snapshot: Edge['from']) => pathOf(snapshot.value);
const told = ({ from, label, to }: Edge) => `${at(from)} | ${label} | ${at(to)}`;
/** The part of the chart, without whether it acts or waits. */
const partOf = (path: string) => path.split(' ')[0]?.replace(/\.(acting|waiting|watching)$/, '');

describe('in everything that can happen', () => {
  test('every state is reached', () => {
    expect([...new Set(states.map(at))].sort()).toEqual([...STATES].sort());
  });

  test('no event makes the machine itself fail', () => {
    expect(edges.filter(({ to }) => to.status === 'error').map(told)).toEqual([]);
  });

  test('the context of an actor survives JSON', () => {
    for (const { context } of states) expect(JSON.parse(JSON.stringify(context))).toStrictEqual(context);
  });

  test('an end can be reached from every state', () => {
    const before = new Map<Edge['from'], Edge['from'][]>();
    for (const { from, to } of edges) before.set(to, [...(before.get(to) ?? []), from]);
    const ending = new Set(states.filter(({ status }) => status === 'done'));
    for (const state of ending) for (const earlier of before.get(state) ?? []) ending.add(earlier);
    expect(states.filter((state) => !ending.has(state)).map(at)).toEqual([]);
  });

  test('law 9: an actor with a VM ends through the teardown, which it can enter from every state', () => {
    const ends = edges.filter(({ from, to }) => to.status === 'done' && from.status === 'active');
    const ordered = ends.filter(({ label }) => label !== 'forgotten by hand');
    expect(new Set(ordered.map(({ from }) => at(from).split(/[. ]/)[0]))).toEqual(
      new Set(['queued', 'tearingDown']),
    );
    expect(states.filter((state) => at(state) === 'queued' && state.context.vm !== null)).toEqual([]);
    const leads = new Set(
      edges.filter(({ to }) => to.hasTag('tearingDown')).map(({ from }) => partOf(at(from))),
    );
    // After a decision the dispatcher releases the job before anything else can happen.
    const withVm = STATES.filter((path) => !['queued', 'done', 'failed'].includes(path) && !isDecided(path));
    expect(withVm.map(partOf).filter((part) => !leads.has(part))).toEqual([]);
  });

  test('an operator can end the record of every job, which changes nothing of its VM', () => {
    for (const path of STATES.filter((path) => !['done', 'failed'].includes(path))) {
      const { from, to, after, started } = step(snapshotAt(path), { type: 'operator.forgot', by: 'ada' });
      expect([from, to, started]).toEqual([path, 'failed', []]);
      expect(after.context.failure?.code, path).toBe('OPERATOR_FORGOT');
      expect(after.context.vm, path).toEqual(snapshotAt(path).context.vm);
      expect(after.context.runner, path).toEqual(snapshotAt(path).context.runner);
    }
  });

  test('a slot is held from its grant until the VM is gone', () => {
    for (const state of states) {
      const isHolding =
        state.context.vm !== null && state.status === 'active' && !at(state).includes('vm.gone');
      expect(state.hasTag('holdsSlot'), at(state)).toBe(isHolding);
      expect(state.context.vm !== null && isInSlot(statePath(state.value)), at(state)).toBe(isHolding);
    }
  });

  test('law 10: no queued job ends as done, and every failed one has a cause', () => {
    const ended = edges.filter(({ from, to }) => to.status === 'done' && from.status === 'active');
    const dropped = ended.filter(({ to }) => at(to) === 'done' && to.context.job.status === 'queued');
    expect(dropped.map(told)).toEqual([]);
    const uncaused = ended.filter(({ to }) => at(to) === 'failed' && to.context.failure === null);
    expect(uncaused.map(told)).toEqual([]);
  });

  test('law 11: a job that GitHub may have queued is given up for a few causes only', () => {
    const givenUp = states.filter(
      ({ value, context: { job } }) => value === 'failed' && job.id !== NO_JOB && job.status === 'queued',
    );
    expect(givenUp.length).toBeGreaterThan(0);
    for (const { context } of givenUp) expect(OVER).toContain(context.failure?.code);
  });

  test('the output of an actor says how its job ended, and is null when no job ended with it', () => {
    const ended = states.filter(({ status }) => status === 'done');
    const wrong = ended.filter(({ value, output, context: { job, runner, failure } }) => {
      if (job.id === NO_JOB || !output) return output !== null;
      const { outcome, blame, cause } = output;
      if (value === 'failed') return cause !== failure || cause === null || blame !== cause.blame;
      if (outcome === 'lost')
        return job.takenBy?.isOurs !== true || cause !== failure || blame !== cause?.blame;
      if (outcome === 'notOurs') return job.takenBy?.isOurs !== false;
      if (outcome === 'succeeded') return job.conclusion !== 'success';
      if (outcome === 'failed') {
        const ranHere = runner !== null && job.takenBy?.runner === runner.name;
        return job.conclusion !== 'failure' || (blame === 'job') !== (ranHere && cause === null);
      }
      return cause !== null || (outcome === 'cancelled') !== (job.conclusion === 'cancelled');
    });
    const outcomes = new Set(ended.map(({ output }) => output?.outcome));
    expect(JOB_OUTCOMES.filter((outcome) => !outcomes.has(outcome))).toEqual([]);
    expect(ended.some(({ output }) => output === null)).toBe(true);
    expect(wrong.map(({ value, output }) => [value, output])).toEqual([]);
  });

  test('no transition leads back to queued: a released job gets a new actor', () => {
    const back = edges.filter(({ from, to }) => at(to) === 'queued' && at(from) !== 'queued');
    expect(back.map(told)).toEqual([]);
  });

  test('an actor whose job was released ends, or works for the job that its runner got', () => {
    const left = edges.filter(({ label }) => label === 'job released').map(({ to }) => to);
    const waiting = left.filter(({ context, tags }) => context.job.id === NO_JOB && tags.has('decided'));
    expect(waiting.map(at)).toEqual([]);
    const again = edges.filter(
      ({ from, to }) =>
        from.hasTag('leaving') && !to.hasTag('leaving') && !to.hasTag('mayBeBusy') && to.status === 'active',
    );
    expect(again.map(told)).toEqual([]);
  });
});

/** Every transition from a state in which a job may be running to one in which its VM may be deleted. */
const WAYS_OUT = [
  // The guest says that nothing was launched, and the configuration is lost.
  'runnerOnline.launching | launchRunner: RUNNER_CONFIG_LOST | jitConfig',
  // The guest says that the runner's process ended.
  'runnerOnline.launching | launchRunner: RUNNER_EXITED | tearingDown',
  'runnerOnline.confirming | confirmOnline: RUNNER_EXITED | tearingDown',
  'runnerOnline.launching | launchRunner: RUNNER_DIED | tearingDown',
  'runnerOnline.confirming | confirmOnline: RUNNER_DIED | tearingDown',
  ...['exited after a job', 'exited without a job', 'exited otherwise', 'died in a job'].flatMap((how) => [
    `running.idle | watchRunner: ${how} | running.verifying`,
    `running.busy | watchRunner: ${how} | running.verifying`,
    `running.busy | watchRunner: ${how} | tearingDown`,
    `running.finishing | watchRunner: ${how} | tearingDown`,
  ]),
  // Its job was called completed and its grace is over: GitHub is asked before anything is torn down.
  'running.finishing | phaseDeadline: ended | running.verifying',
  'running.finishing | phaseDeadline: failed | running.verifying',
  // The second question of the retire protocol.
  'running.retiring.askingGuestAgain | askGuest: not working | tearingDown',
  // The guest is silent, GitHub does not see its runner, and its lifetime and margin are past (law 13).
  ...['running.retiring.askingGuest.askingGitHub', 'running.retiring.askingGuestAgain.askingGitHub'].flatMap(
    (part) => [
      `${part} | askGitHub: queued, runner offline, late | tearingDown`,
      `${part} | askGitHub: queued, runner absent, late | tearingDown`,
      `${part} | askGitHub: held back, late | tearingDown`,
      `${part} | askGitHub: running elsewhere, late | tearingDown`,
      `${part} | askGitHub: ended elsewhere, late | tearingDown`,
    ],
  ),
  // The agent says that the VM is gone, and its job with it.
  'running.idle | watchRunner: VM vanished | tearingDown',
  'running.busy | watchRunner: VM vanished | tearingDown',
  'running.finishing | watchRunner: VM vanished | tearingDown',
  'running.retiring.askingGuest | askGuest: VM vanished | tearingDown',
  'running.retiring.askingGuestAgain | askGuest: VM vanished | tearingDown',
  ...[
    'runnerOnline.launching',
    'runnerOnline.confirming',
    'running.idle',
    'running.busy',
    'running.finishing',
    'running.retiring.askingGuest',
    'running.retiring.askingGuest.askingGitHub',
    'running.retiring.deregistering',
    'running.retiring.checkingJob',
    'running.retiring.settling',
    'running.retiring.askingGuestAgain',
    'running.retiring.askingGuestAgain.askingGitHub',
  ].flatMap((part) => [
    `${part} | VM vanished | tearingDown`,
    // The record ends and the VM stays: the collector adopts it, and asks its guest.
    `${part} | forgotten by hand | failed`,
  ]),
];

test('law 5: a VM whose runner may be busy is given up by these transitions only', () => {
  const out = edges
    .filter(({ from, to }) => from.hasTag('mayBeBusy') && !to.hasTag('mayBeBusy'))
    .map(({ from, label, to }) => `${partOf(at(from))} | ${label} | ${partOf(at(to))}`);
  expect([...new Set(out)].sort()).toEqual([...WAYS_OUT].sort());
});

test('law 5: every state from the launch of the runner until its known end has the tag mayBeBusy', () => {
  const silent = STATES.filter((path) => /^(runnerOnline|running)/.test(path)).filter(
    (path) => !states.find((state) => at(state) === path)?.hasTag('mayBeBusy'),
  );
  expect(silent).toEqual(['running.verifying.acting', 'running.verifying.waiting']);
});

/** Every transition that decides an attempt after a runner was launched for its job. */
const DECISIONS = [
  // The runner's process has ended, or the VM is gone, or both have no job, and GitHub was asked after that.
  'running.verifying | recheckJob: queued | tearingDown',
  'running.verifying | recheckJob: held back | tearingDown',
  'tearingDown | recheckJob: queued | tearingDown',
  'tearingDown | recheckJob: held back | tearingDown',
  // The guest said that no job runs in it, GitHub has removed the runner, and has the job queued.
  'running.retiring.checkingJob | askGitHub: queued, runner online | running.retiring.releasing',
  'running.retiring.checkingJob | askGitHub: queued, runner offline | running.retiring.releasing',
  'running.retiring.checkingJob | askGitHub: queued, runner absent | running.retiring.releasing',
  'running.retiring.checkingJob | askGitHub: held back | running.retiring.releasing',
  // The guest is silent, and its runner is offline or absent.
  ...['running.retiring.askingGuest', 'running.retiring.askingGuestAgain'].flatMap((part) => [
    `${part}.askingGitHub | askGitHub: queued, runner offline | ${part}.releasing`,
    `${part}.askingGitHub | askGitHub: queued, runner absent | ${part}.releasing`,
    `${part}.askingGitHub | askGitHub: held back | ${part}.releasing`,
  ]),
  // The guest works, but GitHub has had our job queued for longer than its status can lag behind.
  'running.busy | job still queued, late | running.busy.releasing',
];

describe('law 12', () => {
  const isLaunched = (snapshot: Edge['from']) => /^(runnerOnline|running|tearingDown)/.test(at(snapshot));
  const decisions = edges.filter(({ from, to }) => !from.hasTag('decided') && to.hasTag('decided'));

  test('from the launch of a runner on, an attempt is decided by these transitions only', () => {
    const ways = decisions
      .filter(({ from }) => isLaunched(from))
      .map(({ from, label, to }) => `${partOf(at(from))} | ${label} | ${partOf(at(to))}`);
    expect([...new Set(ways)].sort()).toEqual([...DECISIONS].sort());
  });

  test('before the launch, an attempt is decided as soon as it fails, unless GitHub no longer has the job queued', () => {
    const ended = edges.filter(
      ({ from, label, to }) =>
        !isLaunched(from) &&
        to.hasTag('tearingDown') &&
        label !== 'obtainRunnerConfig: JOB_NO_LONGER_QUEUED' &&
        to.context.job.id !== NO_JOB &&
        to.context.job.status === 'queued' &&
        !OVER.includes(to.context.failure?.code ?? ''),
    );
    expect(new Set(ended.map(({ from }) => at(from).split('.')[0]))).toEqual(
      new Set(['creating', 'starting', 'sshReady', 'probing', 'warm', 'jitConfig']),
    );
    expect(ended.filter(({ to }) => !to.hasTag('decided')).map(told)).toEqual([]);
  });

  test('only a queued job that needs another VM is released', () => {
    const free = states.filter((state) => state.hasTag('decided'));
    expect(free.length).toBeGreaterThan(0);
    for (const { context } of free) {
      expect([context.job.id === NO_JOB, context.job.status]).toEqual([false, 'queued']);
      expect(OVER).not.toContain(context.failure?.code);
    }
  });

  test('a released job leaves its VM and its runner behind', () => {
    for (const decided of states.filter((state) => state.hasTag('decided'))) {
      const { before, after } = step(decided, { type: 'job.released' });
      expect([after.context.job.id, after.hasTag('decided')]).toEqual([NO_JOB, false]);
      expect(after.context.vm).toEqual(before.context.vm);
      expect(after.context.runner).toEqual(before.context.runner);
    }
  });
});
