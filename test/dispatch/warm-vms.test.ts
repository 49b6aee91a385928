import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Job, NO_JOB } from '../../machines/job/context.ts';
import type { JobSnapshot } from '../../machines/job.ts';
import type { Hosts } from '../../src/hosts/hosts.ts';
import { NO_ROLLOUTS } from '../../src/images/no-rollouts.ts';
import { isBeingMade } from '../../src/jobs/is-being-made.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';
import { type Gates, OPEN_GATES } from '../../src/placement/schedule.ts';
import { SlotGrants } from '../../src/placement/slot-grants.ts';
import type { Store } from '../../src/store/store.ts';
import { JOB, STAND_IN, VM } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { DAY } from '../store/records.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

const log = pino({ level: 'silent' });
const LARGE: Job = { ...JOB, profile: 'large' };
const LEAVES = 'tearingDown vm.waiting runner.gone job.gone';

let clock: ManualClock;
let store: Store;
/** Actors by key; those without a VM are queued. */
let actors: Map<string, JobSnapshot>;
/** Hosts by name, and whether they take jobs. */
let hosts: Map<string, boolean>;
let sent: string[];
let gates: Gates;
/** Digests of images that are not used any more. */
let refused: string[];

beforeEach(async () => {
  clock = new ManualClock();
  store = await memoryStore({ clock, log, retention: DAY });
  actors = new Map();
  hosts = new Map();
  sent = [];
  refused = [];
  gates = OPEN_GATES;
});
afterEach(() => store.close());

const on = (host: string, path: string, profile = 'macos-15') =>
  snapshotAt(path, { job: STAND_IN, vm: { ...VM, name: `${host} ${path}`, host, profile }, runner: null });

/** Which actor gets which event when slots are granted; a host has two slots. */
function decide(warm: Record<string, number> = { 'macos-15': 9 }): string[] {
  const all = () => [...actors].map(([key, snapshot]) => ({ key, snapshot }));
  const hostsNow = () =>
    [...hosts].map(([name, takesJobs]) => ({
      name,
      snapshot: {
        hasTag: (tag: string) => takesJobs && tag !== 'proves',
        context: { look: { slots: 2, vms: [] } },
      },
    }));
  const grants = new SlotGrants({
    rollouts: { ...NO_ROLLOUTS, isRefused: (_profile, { digest }) => refused.includes(digest) },
    actors: {
      all,
      making: () => all().filter(({ snapshot }) => isBeingMade(snapshot)),
      *inQueue() {
        yield* all().filter(({ snapshot }) => snapshot.hasTag('queued'));
      },
      *held() {},
      *placeholders() {
        yield* all().filter(
          ({ snapshot }) => snapshot.context.job.id === NO_JOB && snapshot.hasTag('holdsSlot'),
        );
      },
      slotsOn: (host: string) =>
        new Set(
          all()
            .filter(({ snapshot }) => snapshot.context.vm?.host === host && snapshot.hasTag('holdsSlot'))
            .map(({ key }) => key),
        ),
      snapshotOf: (key: string) => actors.get(key) ?? null,
      lastNumber: () => 0,
      create: () => 'fresh',
      send: (key: string, { type }: { type: string }) => sent.push(`${key} ${type}`),
    } as unknown as JobActors,
    hosts: {
      all: hostsNow,
      snapshotOf: (name: string) => hostsNow().find((host) => host.name === name)?.snapshot ?? null,
    } as unknown as Hosts,
    cordons: store.cordons,
    store,
    clock,
    warm: new Map(Object.entries(warm)),
    gates,
  });
  for (const { key, snapshot } of all()) grants.jobChanged(key, snapshot);
  grants.decide();
  return sent.splice(0);
}

describe('law 14: a job that finds no room', () => {
  beforeEach(() => {
    hosts.set('m1', true);
    actors.set('warm', on('m1', 'warm'));
    actors.set('other', on('m1', 'warm'));
    actors.set('large', snapshotAt('queued', { job: LARGE }));
  });

  test('gets the slot of a warm VM of another profile', () => {
    expect(decide()).toEqual(['warm slot.reclaimed']);
  });

  test('waits for a warm VM that is being removed, and no other one is removed for it', () => {
    actors.set('other', on('m1', LEAVES));
    expect(decide()).toEqual([]);
  });

  test.each([
    ['does not respond', () => hosts.set('m2', false)],
    ['was cordoned', () => hosts.set('m2', true) && store.cordons.put('m2', { by: 'ada', at: 1 })],
    ['left the config', () => undefined],
  ])('does not wait for VMs that are being removed on a host that %s', (_how, stick) => {
    stick();
    for (const key of ['stuck', 'too']) actors.set(key, on('m2', LEAVES));
    expect(decide()).toEqual(['warm slot.reclaimed']);
  });

  test('gets no warm VM on a host that takes no jobs', () => {
    hosts.set('m1', false);
    actors.set('mac', snapshotAt('queued', { job: { ...JOB, id: 102 } }));
    expect(decide()).not.toContain('mac job.exchanged');
  });
});

describe('law 14: a job whose VM a full host refuses to start', () => {
  const vm = { ...VM, name: 'm1 blocked', host: 'm1', profile: 'large' };
  beforeEach(() => {
    hosts.set('m1', true);
    actors.set('blocked', snapshotAt('starting.blocked', { job: LARGE, vm, runner: null }));
  });

  test('gets the slot of a warm VM of another profile there', () => {
    actors.set('warm', on('m1', 'warm'));
    expect(decide()).toEqual(['warm slot.reclaimed']);
  });

  test('waits for the slot of a VM that is being removed there', () => {
    actors.set('warm', on('m1', 'warm'));
    actors.set('leaves', on('m1', LEAVES));
    expect(decide()).toEqual([]);
  });

  test('costs no warm VM of another host that has none for it', () => {
    hosts.set('m2', true);
    hosts.set('m1', false);
    actors.set('warm', on('m2', 'warm'));
    gates = {
      ...OPEN_GATES,
      on: (_job, host) => (host === 'm2' ? null : []),
      peek: (_job, host) => (host === 'm2' ? null : []),
    };
    expect(decide({ 'macos-15': 1 })).toEqual([]);
  });
});

test('a job gets the warm VM of its profile, and both actors are told', () => {
  hosts.set('m1', true);
  actors.set('warm', on('m1', 'warm'));
  actors.set('101', snapshotAt('queued'));
  expect(decide()).toEqual(expect.arrayContaining(['warm job.exchanged', '101 job.exchanged']));
});

test('a VM whose job went on elsewhere is not used for another job', () => {
  hosts.set('m1', true);
  actors.set('left', on('m1', 'running.retiring.settling'));
  actors.set('101', snapshotAt('queued'));
  expect(decide({})).toEqual(['101 slot.granted']);
});

test('a warm VM of an image that was refused gets no job', () => {
  hosts.set('m1', true);
  const image = { reference: 'r', digest: 'bad' };
  const vm = { ...VM, name: 'm1 warm', host: 'm1', profile: 'macos-15', image };
  actors.set('warm', snapshotAt('warm', { job: STAND_IN, vm, runner: null }));
  expect(decide({ 'macos-15': 1 })).toEqual([]);
  refused = ['bad'];
  expect(decide({ 'macos-15': 1 })).toEqual(['warm slot.reclaimed']);
});
