import { describe, expect, test } from 'vitest';
import { assignWarmVms, planWarmVms, type WarmNeeds, type WarmVm } from '../../src/placement/plan-warm.ts';
import { OPEN_GATES } from '../../src/placement/schedule.ts';

const job = (key: string, queuedAt = 1, profile = 'mac', notBefore = 0) => ({
  key,
  profile,
  queuedAt,
  notBefore,
});
const warm = (key: string, facts: Partial<WarmVm> = {}): WarmVm => ({
  key,
  profile: 'mac',
  isReady: true,
  enteredAt: 1,
  isOpen: true,
  ...facts,
});

describe('a queued job', () => {
  test.each([
    ['gets a warm VM of its profile', [job('a')], [warm('w')], ['a w']],
    ['gets no warm VM of another profile', [job('a')], [warm('w', { profile: 'large' })], []],
    ['gets no warm VM on a host that takes no jobs', [job('a')], [warm('w', { isOpen: false })], []],
    ['gets no warm VM while it pauses between attempts', [job('a', 1, 'mac', 99)], [warm('w')], []],
    ['is served in its turn', [job('b', 2), job('a', 1)], [warm('w')], ['a w']],
    ['gets a booting warm VM when none is ready', [job('a')], [warm('w', { isReady: false })], ['a w']],
  ])('%s', (_, waiting, vms, expected) => {
    const handed = assignWarmVms(waiting, vms, 10, OPEN_GATES).map(
      ({ job: key, warm: vm }) => `${key} ${vm}`,
    );
    expect(handed).toEqual(expected);
  });

  test('gets the VM that is closest to ready, and no VM is for two jobs', () => {
    const vms = [
      warm('booting', { isReady: false }),
      warm('young', { enteredAt: 2 }),
      warm('old', { enteredAt: 1 }),
    ];
    const waiting = ['a', 'b', 'c', 'd'].map((key, n) => job(key, n));
    expect(assignWarmVms(waiting, vms, 10, OPEN_GATES).map(({ warm: vm }) => vm)).toEqual([
      'old',
      'young',
      'booting',
    ]);
  });
});

describe('a job that is held back on every host', () => {
  const waiting = [job('held', 1), job('tried', 2), job('other', 3)];
  const vms = [warm('v1'), warm('v2'), warm('v3')];
  const handed = (room: number) =>
    assignWarmVms(waiting, vms, 10, {
      ...OPEN_GATES,
      of: ({ key }) => (key === 'held' ? null : [key === 'other' ? 'open' : 'registration acme/app']),
      room: (gate) => (gate === 'open' ? Number.POSITIVE_INFINITY : room),
    }).map(({ job: key }) => key);

  test('takes no warm VM, and the jobs after it do', () => {
    expect(handed(0)).toEqual(['other']);
    expect(handed(1)).toEqual(['tried', 'other']);
  });

  test('lets one try it, and the others wait for what that one shows', () => {
    const gates = { ...OPEN_GATES, of: () => ['github github'], room: () => 1 };
    expect(assignWarmVms([job('a', 1), job('b', 2)], vms, 10, gates)).toEqual([{ job: 'a', warm: 'v1' }]);
  });
});

const plan = (needs: Partial<WarmNeeds>) =>
  planWarmVms({
    unplaced: [],
    warm: [],
    leaving: 0,
    left: [{ name: 'm1', free: 2 }],
    wanted: new Map([['mac', 1]]),
    room: () => 9,
    ...needs,
  });

describe('warm VMs', () => {
  test('are made in free slots until their profile has as many as it wants', () => {
    expect(plan({}).make).toEqual([{ profile: 'mac', host: 'm1' }]);
    expect(plan({ warm: [warm('w', { isReady: false })] }).make).toEqual([]);
    expect(plan({ left: [{ name: 'm1', free: 0 }] }).make).toEqual([]);
    expect(plan({ wanted: new Map([['mac', 5]]) }).make).toHaveLength(2);
  });

  test('are not made of a profile without room, and not while a job has no slot', () => {
    expect(plan({ room: () => 0 }).make).toEqual([]);
    expect(plan({ unplaced: [job('a', 1, 'large')] }).make).toEqual([]);
  });

  test('are reclaimed for as many jobs as have no slot, the least ready one first', () => {
    const vms = [warm('ready'), warm('booting', { isReady: false })];
    const wanted = new Map([['mac', 2]]);
    const needs = { wanted, warm: vms, left: [] };
    expect(plan({ ...needs, unplaced: [job('a', 1, 'large')] }).reclaim).toEqual(['booting']);
    expect(plan({ ...needs, unplaced: [job('a'), job('b'), job('c')] }).reclaim).toEqual([
      'booting',
      'ready',
    ]);
  });

  test('are not reclaimed for a job when a slot is being freed already', () => {
    const needs = { warm: [warm('w')], left: [], unplaced: [job('a', 1, 'large')] };
    expect(plan({ ...needs, leaving: 1 }).reclaim).toEqual([]);
  });

  test('of a profile that wants fewer are reclaimed, the ready ones last', () => {
    const vms = [warm('booting', { isReady: false }), warm('ready')];
    expect(plan({ warm: vms }).reclaim).toEqual(['booting']);
    expect(plan({ warm: vms, wanted: new Map() }).reclaim.sort()).toEqual(['booting', 'ready']);
  });
});
