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
  host: 'm1',
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

const anywhere = () => true;

const plan = (needs: Partial<WarmNeeds>) =>
  planWarmVms({
    demand: [],
    warm: [],
    soonFree: [],
    left: [{ name: 'm1', free: 2 }],
    wanted: new Map([['mac', 1]]),
    room: () => 9,
    gates: OPEN_GATES,
    ...needs,
  });

describe('warm VMs', () => {
  test('are made in free slots until their profile has as many as it wants', () => {
    expect(plan({}).make).toEqual([{ profile: 'mac', host: 'm1' }]);
    expect(plan({ warm: [warm('w', { isReady: false })] }).make).toEqual([]);
    expect(plan({ left: [{ name: 'm1', free: 0 }] }).make).toEqual([]);
    expect(plan({ wanted: new Map([['mac', 5]]) }).make).toHaveLength(2);
  });

  test('are not made of a profile without room, and not where a job waits for the slot', () => {
    expect(plan({ room: () => 0 }).make).toEqual([]);
    expect(plan({ demand: [anywhere] }).make).toEqual([]);
    const left = ['m1', 'm2'].map((name) => ({ name, free: 1 }));
    expect(plan({ left, demand: [(host) => host === 'm1'] }).make).toEqual([{ profile: 'mac', host: 'm2' }]);
  });

  test('are made on the preferred host while that has room', () => {
    const left = ['m1', 'm2'].map((name) => ({ name, free: 1 }));
    const gates = { preferred: (_profile: string, withRoom: readonly string[]) => withRoom.at(-1) ?? null };
    const wanted = new Map([['mac', 2]]);
    expect(plan({ left, gates, wanted }).make.map(({ host }) => host)).toEqual(['m2', 'm1']);
  });

  test('are reclaimed for as many jobs as have no slot, the least ready one first', () => {
    const vms = [warm('ready'), warm('booting', { isReady: false })];
    const needs = { wanted: new Map([['mac', 2]]), warm: vms, left: [] };
    expect(plan({ ...needs, demand: [anywhere] }).reclaim).toEqual(['booting']);
    const { reclaim, unmet } = plan({ ...needs, demand: [anywhere, anywhere, anywhere] });
    expect([reclaim, unmet]).toEqual([['booting', 'ready'], [anywhere]]);
  });

  test('law 14: are reclaimed only on a host where the slot is of use', () => {
    const vms = [warm('here', { isReady: false }), warm('there', { host: 'm2' })];
    const needs = { wanted: new Map([['mac', 2]]), warm: vms, left: [] };
    const onlyOn = (name: string) => (host: string) => host === name;
    expect(plan({ ...needs, demand: [onlyOn('m2')] }).reclaim).toEqual(['there']);
    expect(plan({ ...needs, demand: [onlyOn('m3')] }).reclaim).toEqual([]);
  });

  test('are not reclaimed for a job when a slot is being freed for it already', () => {
    const needs = { warm: [warm('w')], left: [], demand: [(host: string) => host === 'm1'] };
    expect(plan({ ...needs, soonFree: ['m1'] }).reclaim).toEqual([]);
    expect(plan({ ...needs, soonFree: ['m2'] }).reclaim).toEqual(['w']);
  });

  test('make room for what no slot becomes free for, and the rest is told', () => {
    const onM1 = (host: string) => host === 'm1';
    const unmet = (demand: ((host: string) => boolean)[]) =>
      plan({ left: [], demand, soonFree: ['m2'] }).unmet;
    expect(unmet([anywhere])).toEqual([]);
    expect(unmet([anywhere, anywhere])).toHaveLength(1);
    expect(unmet([onM1])).toEqual([onM1]);
  });

  test('of a profile that wants fewer are reclaimed, the ready ones last', () => {
    const vms = [warm('booting', { isReady: false }), warm('ready')];
    expect(plan({ warm: vms }).reclaim).toEqual(['booting']);
    expect(plan({ warm: vms, wanted: new Map() }).reclaim.sort()).toEqual(['booting', 'ready']);
  });
});
