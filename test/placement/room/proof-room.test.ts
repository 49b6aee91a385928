import { expect, test } from 'vitest';
import type { JobSnapshot } from '../../../machines/job.ts';
import { NO_ROLLOUTS } from '../../../src/images/no-rollouts.ts';
import { isBeingMade } from '../../../src/jobs/is-being-made.ts';
import type { JobActors } from '../../../src/jobs/job-actors.ts';
import { OPEN_GATES } from '../../../src/placement/schedule.ts';
import { SlotGrants } from '../../../src/placement/slot-grants.ts';
import { VM } from '../../machines/job-samples.ts';
import { snapshotAt } from '../../machines/job-step.ts';
import { ManualClock } from '../../support/manual-clock.ts';

/** How many of two queued jobs get a slot of a host with three, beside an actor whose VM is in this state. */
function granted(proves: boolean, other: string | null): number {
  const queued = ['1', '2'].map((key) => ({ key, snapshot: snapshotAt('queued') }));
  const vm = { ...VM, host: 'mini-1' };
  const beside = other === null ? [] : [{ key: '9', snapshot: snapshotAt(other, { vm }) }];
  let grants = 0;
  const actors = {
    making: () => beside.filter(({ snapshot }) => isBeingMade(snapshot)),
    *placeholders() {},
    *held() {},
    *inQueue() {
      yield* queued;
    },
    slotsOn: () => new Set(beside.map(({ key }) => key)),
    snapshotOf: (): JobSnapshot => snapshotAt('queued'),
    lastNumber: () => 0,
    send: (_: string, { type }: { type: string }) => {
      if (type === 'slot.granted') grants += 1;
    },
  } as unknown as JobActors;
  const store = {
    atomically: (work: () => void) => work(),
    names: { lastOf: () => 0, put: () => undefined },
    quarantine: { keys: () => [] },
  };
  const tags = ['acceptsJobs', ...(proves ? ['proves'] : [])];
  const snapshot = {
    hasTag: (tag: string) => tags.includes(tag),
    context: { look: { slots: 3, vms: [] } },
  };
  new SlotGrants({
    rollouts: NO_ROLLOUTS,
    actors,
    hosts: { all: () => [{ name: 'mini-1', snapshot }] } as never,
    cordons: { of: () => null },
    store: store as never,
    clock: new ManualClock(),
    warm: new Map(),
    gates: OPEN_GATES,
  }).decide();
  return grants;
}

test.each([
  ['works', false, null, 2],
  ['proves itself', true, null, 1],
  ['proves itself, and a VM is being made there', true, 'sshReady.acting', 0],
  ['proves itself, and a job of before runs there', true, 'running.busy.watching', 1],
  [
    'proves itself, and a VM of before cannot be removed',
    true,
    'tearingDown vm.waiting runner.gone job.gone',
    1,
  ],
])('a host that %s gets its share of two jobs', (_, proves, other, expected) => {
  expect(granted(proves, other)).toBe(expected);
});
