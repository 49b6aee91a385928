import { beforeEach, describe, expect, test } from 'vitest';
import type { JobSnapshot } from '../../../machines/job.ts';
import type { JobActors } from '../../../src/jobs/job-actors.ts';
import { FullHosts } from '../../../src/placement/room/full-hosts.ts';
import { VM } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const MINUTE = 60_000;
const refusedOn = (host: string) => snapshotAt('starting.blocked', { vm: { ...VM, host } });
const startsOn = (host: string) => snapshotAt('starting.acting', { vm: { ...VM, host } });

let clock: ManualClock;
let full: FullHosts;
beforeEach(() => {
  clock = new ManualClock();
  full = new FullHosts(clock);
});

/** Reports VMs that one host refuses to start, one after the other. */
const refuse = (host: string, ...keys: string[]) => {
  for (const key of keys) full.jobChanged(key, refusedOn(host));
};

describe('a host that refused to start a VM', () => {
  test('counts as full for 30 s, and no other host does', () => {
    expect([full.isFull('m1'), full.nextAt()]).toEqual([false, null]);
    refuse('m1', 'a');
    expect([full.isFull('m1'), full.isFull('m2'), full.nextAt()]).toEqual([
      true,
      false,
      clock.now() + 30_000,
    ]);
    clock.advance(29_999);
    expect(full.isFull('m1')).toBe(true);
    clock.advance(1);
    expect([full.isFull('m1'), full.nextAt()]).toEqual([false, null]);
  });

  test('counts as full for twice as long with each further VM that it refuses, up to ten minutes', () => {
    const lengths = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((key) => {
      refuse('m1', key);
      const length = (full.nextAt() ?? 0) - clock.now();
      clock.advance(length);
      return length / MINUTE;
    });
    expect(lengths).toEqual([0.5, 1, 2, 4, 8, 10, 10]);
  });

  test('does not count as full for longer when the same VM tries again', () => {
    refuse('m1', 'a');
    const until = full.nextAt();
    clock.advance(10_000);
    full.jobChanged('a', refusedOn('m1'));
    expect(full.nextAt()).toBe(until);
  });

  test('is not full any more when a VM starts there, and its next refusal counts as the first one', () => {
    refuse('m1', 'a', 'b');
    full.jobChanged('b', snapshotAt('warm', { vm: { ...VM, host: 'm1' } }));
    expect(full.isFull('m1')).toBe(false);
    refuse('m1', 'c');
    expect(full.nextAt()).toBe(clock.now() + 30_000);
  });

  test('stays full when a job that ran there before goes on', () => {
    const busy = (path: string) => snapshotAt(path, { vm: { ...VM, host: 'm1' } });
    full.jobChanged('busy', busy('running.busy.watching'));
    refuse('m1', 'a');
    full.jobChanged('busy', busy('running.busy.waiting'));
    expect(full.isFull('m1')).toBe(true);
  });

  test('is tried again at its instant, the earliest one when several are full', () => {
    refuse('m1', 'a', 'b');
    clock.advance(1_000);
    refuse('m2', 'c');
    expect(full.nextAt()).toBe(clock.now() + 30_000);
  });
});

describe('a VM that waits for a full host', () => {
  const snapshots = new Map<string, JobSnapshot>();
  const actors = { snapshotOf: (key: string) => snapshots.get(key) ?? null } as unknown as JobActors;
  const waits = (key: string, host: string) => {
    snapshots.set(key, refusedOn(host));
    full.jobChanged(key, refusedOn(host));
  };
  beforeEach(() => snapshots.clear());

  test('moves only when another host has room', () => {
    waits('a', 'm1');
    expect(full.movable(actors, [{ name: 'm1', free: 2 }])).toEqual([]);
    expect(full.movable(actors, [{ name: 'm2', free: 0 }])).toEqual([]);
    expect(full.movable(actors, [{ name: 'm2', free: 1 }])).toEqual(['a']);
  });

  test('does not move when another VM takes the only room', () => {
    waits('a', 'm1');
    waits('b', 'm1');
    expect(full.movable(actors, [{ name: 'm2', free: 1 }])).toEqual(['a']);
    expect(full.movable(actors, [{ name: 'm2', free: 2 }])).toEqual(['a', 'b']);
  });

  test('does not move into the room that its own host seems to have', () => {
    waits('a', 'm1');
    waits('b', 'm1');
    const left = [
      { name: 'm1', free: 5 },
      { name: 'm2', free: 1 },
    ];
    expect(full.movable(actors, left)).toEqual(['a']);
  });

  test('does not move to a host where its job may not start', () => {
    waits('a', 'm1');
    const left = [
      { name: 'm2', free: 1 },
      { name: 'm3', free: 1 },
    ];
    const asked: string[] = [];
    const mayGo = (key: string, host: string) => {
      asked.push(`${key} to ${host}`);
      return host === 'm3';
    };
    expect(full.movable(actors, left, mayGo)).toEqual(['a']);
    expect(full.movable(actors, left.slice(0, 1), mayGo)).toEqual([]);
    expect(asked).toEqual(['a to m2', 'a to m3', 'a to m2']);
  });

  test('takes no turn when its actor is gone', () => {
    waits('gone', 'm1');
    snapshots.clear();
    waits('a', 'm1');
    expect(full.movable(actors, [{ name: 'm2', free: 1 }])).toEqual(['a']);
  });

  test.each([
    ['is started after all', startsOn('m1')],
    ['is torn down', snapshotAt('tearingDown vm.acting runner.acting job.gone')],
    ['is over', snapshotAt('done')],
  ])('does not move when it %s', (_how, snapshot) => {
    waits('a', 'm1');
    full.jobChanged('a', snapshot);
    expect(full.movable(actors, [{ name: 'm2', free: 1 }])).toEqual([]);
  });
});
