import { expect, test } from 'vitest';
import { initialTransition, type SnapshotFrom, transition } from 'xstate';
import { failure } from '../../machines/failure.ts';
import { createHostMachine, type HostContext } from '../../machines/host.ts';
import type { HostLook } from '../../machines/host-look.ts';
import { pathOf, restingValues } from './machine-walk.ts';

const NOW = 1_000_000;
const policy = { checkInterval: 5_000, lostAfter: 60_000 };
const machine = createHostMachine({ policy, now: () => NOW });
const LOOK: HostLook = { version: '1', uptime: 100, slots: 2, vms: [], isInMaintenance: null };
const SILENCE = failure('HOST_UNREACHABLE', 'no answer');

const CONTEXT: HostContext = {
  name: 'mac-1',
  look: LOOK,
  seenAt: NOW - 5_000,
  unreachableSince: null,
  silentFor: 0,
  missedAt: null,
  nextLookAt: NOW,
  lookAgain: false,
  restartsSeen: 0,
  failure: null,
  maintenanceSince: null,
  proof: null,
};

const error = Object.assign(new Error('no answer'), { failure: SILENCE });
const EVENTS = {
  requested: { type: 'look.requested' },
  answered: { type: 'xstate.done.actor.lookAtHost', output: LOOK },
  silent: { type: 'xstate.error.actor.lookAtHost', error },
  due: { type: 'xstate.done.actor.lookWait', output: null },
  dueFailed: { type: 'xstate.error.actor.lookWait', error },
  refused: { type: 'maintenance.seen' },
  demanded: { type: 'proof.demanded' },
  usable: { type: 'vm.usable' },
};

type Snapshot = SnapshotFrom<typeof machine>;
const at = (value: unknown, context: Partial<HostContext> = {}) =>
  machine.resolveState({ value: value as never, context: { ...CONTEXT, ...context } });
const step = (from: Snapshot, event: keyof typeof EVENTS) =>
  transition(machine, from, EVENTS[event] as never)[0] as Snapshot;

/** The next state for each event; `·` means no change. The silence is long in `lost`, and short elsewhere. */
const TABLE = `
state                | requested           | answered            | silent              | due                 | dueFailed           | refused             | demanded        | usable
unknown.looking      | ·                   | healthy.waiting     | unreachable.waiting | ·                   | ·                   | ·                   | ·               | ·
unknown.waiting      | unknown.looking     | ·                   | ·                   | unknown.looking     | unknown.looking     | ·                   | ·               | ·
healthy.looking      | ·                   | healthy.waiting     | unreachable.waiting | ·                   | ·                   | maintenance.waiting | proving.waiting | ·
healthy.waiting      | healthy.looking     | ·                   | ·                   | healthy.looking     | healthy.looking     | maintenance.waiting | proving.waiting | ·
proving.looking      | ·                   | proving.waiting     | unreachable.waiting | ·                   | ·                   | maintenance.waiting | ·               | healthy.waiting
proving.waiting      | proving.looking     | ·                   | ·                   | proving.looking     | proving.looking     | maintenance.waiting | ·               | healthy.waiting
maintenance.looking  | ·                   | maintenance.waiting | unreachable.waiting | ·                   | ·                   | ·                   | ·               | ·
maintenance.waiting  | maintenance.looking | ·                   | ·                   | maintenance.looking | maintenance.looking | ·                   | ·               | ·
unreachable.looking  | ·                   | healthy.waiting     | unreachable.waiting | ·                   | ·                   | ·                   | ·               | ·
unreachable.waiting  | unreachable.looking | ·                   | ·                   | unreachable.looking | unreachable.looking | ·                   | ·               | ·
lost.looking         | ·                   | proving.waiting     | lost.waiting        | ·                   | ·                   | ·                   | ·               | ·
lost.waiting         | lost.looking        | ·                   | ·                   | lost.looking        | lost.looking        | ·                   | ·               | ·
`;

/** What is true in a state besides its name. */
const CONTEXTS: Record<string, Partial<HostContext>> = {
  lost: { silentFor: policy.lostAfter },
  proving: { proof: { cause: 'lost', since: NOW - 9_000 } },
  maintenance: { maintenanceSince: NOW - 9_000 },
};

test('every state handles every event as the table says', () => {
  const [head = [], ...rows] = TABLE.trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const cells = new Map(rows.map(([state = '', ...goals]) => [state, goals]));
  const found = restingValues(machine).map((value) => {
    const path = pathOf(value);
    const context = CONTEXTS[path.split('.')[0] ?? ''] ?? {};
    const goals = head.slice(1).map((event) => {
      const to = pathOf(step(at(value, context), event as keyof typeof EVENTS).value);
      return to === path ? '·' : to;
    });
    return [path, goals] as const;
  });
  // The table names the target also when that is the same state, since the wait starts again there.
  const written = [...cells].map(
    ([path, goals]) => [path, goals.map((goal) => (goal === path ? '·' : goal))] as const,
  );
  expect(found).toEqual(written);
});

/** A host that did not respond to its looks so far, the last one `ago` milliseconds before now. */
const silent = (silentFor: number, ago: number) =>
  at({ unreachable: 'looking' }, { unreachableSince: NOW - silentFor - ago, silentFor, missedAt: NOW - ago });

test('a host that is silent for host_lost is lost, until its first response', () => {
  const almost = step(silent(policy.lostAfter - 5_001, 5_000), 'silent');
  expect(pathOf(almost.value)).toBe('unreachable.waiting');
  const lost = step(silent(policy.lostAfter - 5_000, 5_000), 'silent');
  expect([pathOf(lost.value), lost.context.failure, lost.hasTag('needsAttention')]).toEqual([
    'lost.waiting',
    SILENCE,
    true,
  ]);
  const back = step(at({ lost: 'looking' }, lost.context), 'answered');
  expect(back.context).toMatchObject({ unreachableSince: null, silentFor: 0, failure: null, seenAt: NOW });
  expect(back.hasTag('acceptsJobs')).toBe(true);
});

test('law 13: silence counts only while it is watched, so hours of sleep do not make a host lost', () => {
  const awake = step(silent(5_000, 3 * 3_600_000), 'silent');
  expect(pathOf(awake.value)).toBe('unreachable.waiting');
  expect(awake.context.silentFor).toBeLessThan(policy.lostAfter);
});

test('the silence before a restart counts after it', () => {
  const [begun] = initialTransition(machine, { name: 'mac-1', silentFor: 55_000 });
  const missed = step(begun as Snapshot, 'silent');
  expect([pathOf(missed.value), missed.context.unreachableSince]).toEqual([
    'unreachable.waiting',
    NOW - 55_000,
  ]);
  const again = { ...missed.context, missedAt: NOW - 5_000 };
  expect(pathOf(step(at({ unreachable: 'looking' }, again), 'silent').value)).toBe('lost.waiting');
});

test('a lower uptime means a restart of the agent, a higher one does not', () => {
  const looked = (uptime: number) =>
    step(at({ healthy: 'looking' }, { look: { ...LOOK, uptime } }), 'answered');
  expect([looked(101).context.restartsSeen, looked(99).context.restartsSeen]).toEqual([1, 0]);
});

test('a look that is requested during another one follows it at once', () => {
  const asked = step(at({ healthy: 'looking' }), 'requested');
  expect(step(asked, 'answered').context.nextLookAt).toBe(NOW);
  expect(step(at({ healthy: 'looking' }), 'answered').context.nextLookAt).toBe(NOW + policy.checkInterval);
});

const maintained = (context: Partial<HostContext> = {}) =>
  at({ maintenance: 'looking' }, { ...CONTEXTS.maintenance, ...context });
const looked = (from: Snapshot, look: Partial<HostLook>) =>
  transition(machine, from, { ...EVENTS.answered, output: { ...LOOK, ...look } } as never)[0] as Snapshot;

test('a host is in maintenance until its agent says that it takes changes, and then proves itself', () => {
  expect(pathOf(looked(maintained(), { isInMaintenance: true }).value)).toBe('maintenance.waiting');
  const back = looked(maintained(), { isInMaintenance: false });
  expect([pathOf(back.value), back.context.maintenanceSince, back.context.proof]).toEqual([
    'proving.waiting',
    null,
    { cause: 'maintained', since: NOW },
  ]);
  expect([back.hasTag('acceptsJobs'), maintained().hasTag('acceptsJobs')]).toEqual([true, false]);
});

test('a maintenance that was seen stays known while the host is silent, and is asked about after that', () => {
  const told = step(at({ unreachable: 'looking' }), 'refused');
  expect(told.context.maintenanceSince).toBe(NOW);
  expect(pathOf(looked(told, { isInMaintenance: null }).value)).toBe('maintenance.waiting');
  expect(pathOf(looked(told, { isInMaintenance: false }).value)).toBe('proving.waiting');
});

test('a restart of the agent, a loss and a demand each give the host something to prove', () => {
  const proofOf = (snapshot: Snapshot) => snapshot.context.proof;
  const restarted = looked(at({ healthy: 'looking' }), { uptime: 1 });
  expect(proofOf(restarted)).toEqual({ cause: 'restarted', since: NOW });
  expect(proofOf(looked(at({ lost: 'looking' }, CONTEXTS.lost), {}))).toEqual({ cause: 'lost', since: NOW });
  expect(proofOf(step(at({ lost: 'waiting' }, CONTEXTS.lost), 'demanded'))).toEqual({
    cause: 'maintained',
    since: NOW,
  });
  expect(proofOf(looked(at({ unreachable: 'looking' }), {}))).toBeNull();
});

test('a host that was lost when the daemon was restarted proves itself when it responds', () => {
  const [begun] = initialTransition(machine, { name: 'mac-1', silentFor: policy.lostAfter });
  expect(pathOf(step(begun as Snapshot, 'answered').value)).toBe('proving.waiting');
});
