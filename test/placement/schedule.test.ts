import { expect, test } from 'vitest';
import { freeSlots } from '../../src/placement/room/free-slots.ts';
import { OPEN_GATES, schedule } from '../../src/placement/schedule.ts';

const job = (key: string, queuedAt: number, notBefore = 0) => ({
  key,
  profile: 'macos',
  queuedAt,
  notBefore,
});

test('the job that was queued first gets the only slot', () => {
  const { grants } = schedule([job('b', 2), job('a', 1), job('c', 3)], [{ name: 'm1', free: 1 }], 10);
  expect(grants).toEqual([{ key: 'a', host: 'm1' }]);
});

test('jobs queued in the same instant are served in a stable order', () => {
  const { grants } = schedule([job('z', 1), job('a', 1)], [{ name: 'm1', free: 2 }], 10);
  expect(grants.map(({ key }) => key)).toEqual(['a', 'z']);
});

test('each grant goes to the host with the most room left', () => {
  const hosts = [
    { name: 'm1', free: 1 },
    { name: 'm2', free: 2 },
  ];
  const { grants } = schedule([job('a', 1), job('b', 2), job('c', 3), job('d', 4)], hosts, 10);
  expect(grants.map(({ host }) => host)).toEqual(['m2', 'm1', 'm2']);
});

test('a job that pauses between attempts gets no slot, and gives the instant of the next decision', () => {
  const { grants, wakeAt } = schedule([job('a', 1, 50), job('b', 2)], [{ name: 'm1', free: 2 }], 10);
  expect(grants).toEqual([{ key: 'b', host: 'm1' }]);
  expect(wakeAt).toBe(50);
});

test('a profile without room does not delay others, and one with room for a trial gets one slot', () => {
  const waiting = [job('a', 1), job('b', 2), { ...job('c', 3), profile: 'other' }];
  const granted = (room: number) =>
    schedule(waiting, [{ name: 'm1', free: 3 }], 10, {
      ...OPEN_GATES,
      of: ({ profile }) => [`profile ${profile}`],
      room: (gate) => (gate === 'profile macos' ? room : 9),
    }).grants;
  expect(granted(0).map(({ key }) => key)).toEqual(['c']);
  expect(granted(1).map(({ key }) => key)).toEqual(['a', 'c']);
});

test('the trial of a gate goes to the job that the gates put first, and not to the one that was queued first', () => {
  const waiting = [job('a', 1), job('b', 2), job('c', 3)];
  const granted = (room: number) =>
    schedule(waiting, [{ name: 'm1', free: 3 }], 10, {
      ...OPEN_GATES,
      of: () => ['github github'],
      room: () => room,
      inOrder: (due) => due.toReversed(),
    }).grants.map(({ key }) => key);
  expect(granted(1)).toEqual(['c']);
});

test('a job that cannot go to one host goes to another, and takes no slot when it can go to none', () => {
  const hosts = [
    { name: 'm1', free: 2 },
    { name: 'm2', free: 1 },
  ];
  const waiting = [job('a', 1), job('b', 2), { ...job('c', 3), profile: 'other' }];
  const pulls = (ready: string[]) =>
    schedule(waiting, hosts, 10, {
      ...OPEN_GATES,
      on: ({ profile }, host) => (profile === 'other' || ready.includes(host) ? [] : null),
    });
  expect(pulls(['m2']).grants).toEqual([
    { key: 'a', host: 'm2' },
    { key: 'c', host: 'm1' },
  ]);
  expect(pulls(['m2']).unplaced.map(({ key }) => key)).toEqual(['b']);
  expect(pulls([]).grants).toEqual([{ key: 'c', host: 'm1' }]);
  expect(pulls([]).unplaced).toEqual([]);
});

test('a slot is reserved for a job that GitHub is being asked for, but not for one that failed this check', () => {
  const grants = (answer: 'asking' | 'no') =>
    schedule([job('a', 1), job('b', 2)], [{ name: 'm1', free: 1 }], 10, {
      ...OPEN_GATES,
      isReady: ({ key }) => (key === 'a' ? answer : 'yes'),
    }).grants;
  expect(grants('asking')).toEqual([]);
  expect(grants('no')).toEqual([{ key: 'b', host: 'm1' }]);
});

test('a decision does not change its inputs', () => {
  const hosts = [{ name: 'm1', free: 1 }];
  schedule([job('a', 1)], hosts, 10);
  expect(hosts).toEqual([{ name: 'm1', free: 1 }]);
});

const look = (...vms: [name: string, state: string][]) => ({
  version: '1',
  uptime: 1,
  slots: 2,
  vms: vms.map(([name, state], n) => ({ id: String(n), name, state, createdAt: 0 })),
  isInMaintenance: null,
});

test('a claim takes its slot before the agent lists its VM', () => {
  expect(freeSlots(look(), new Set(['gh-x-1-1']))).toBe(1);
});

test('a claim and its listed VM take one slot together', () => {
  expect(freeSlots(look(['gh-x-1-1', 'running']), new Set(['gh-x-1-1']))).toBe(1);
});

test.each(['installing', 'starting', 'running', 'stopping', 'pausing', 'paused', 'resuming'])(
  "a stranger's VM that is %s takes a slot",
  (state) => expect(freeSlots(look(['theirs', state]), new Set())).toBe(1),
);

test.each(['created', 'stopped', 'error', 'deleted'])('a VM that is %s takes no slot', (state) =>
  expect(freeSlots(look(['theirs', state]), new Set())).toBe(2),
);

test('more claims than slots leave zero room, not less', () => {
  expect(freeSlots(look(['theirs', 'running']), new Set(['a', 'b']))).toBe(0);
});
