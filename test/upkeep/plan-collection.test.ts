import { expect, test } from 'vitest';
import { planCollection, type Reality, type Sighting } from '../../src/upkeep/plan-collection.ts';

const PREFIX = 'gh-a';
const vm = (name: string, state = 'stopped', id = `ID-${name}`) => ({ host: 'm1', id, name, state });
const runner = (name: string, facts: { online?: boolean; busy?: boolean } = {}) => ({
  scope: 'acme/app',
  id: 7,
  name,
  online: false,
  busy: false,
  ...facts,
});
const nobody = {
  vmIds: new Set<string>(),
  namesInMaking: new Set<string>(),
  runnerNames: new Set<string>(),
  goneRunners: new Set<string>(),
  keepsBase: (_vm: { host: string; id: string; name: string }) => false,
};

function plan(reality: Partial<Reality>, owners: Partial<typeof nobody> = {}, looks = 2) {
  let sightings: ReadonlyMap<string, Sighting> = new Map();
  let steps: ReturnType<typeof planCollection>['steps'] = [];
  for (let look = 0; look < looks; look += 1) {
    const whole = { vms: [], runners: [], unseenHosts: [], unseenScopes: [], ...reality };
    ({ steps, sightings } = planCollection(PREFIX, whole, { ...nobody, ...owners }, sightings, look));
  }
  return steps;
}

test.each(['jenkins-12-1', 'gh-b-12-1', 'gh-a-12', 'gh-a-12-1-x', 'gh-a-0-1', 'GH-A-12-1', 'xgh-a-12-1'])(
  'a VM or runner named %s is foreign and not in the plan',
  (name) => expect(plan({ vms: [vm(name)], runners: [runner(name)] })).toEqual([]),
);

test('a VM that a record has is not in the plan', () => {
  expect(plan({ vms: [vm('gh-a-1-1')] }, { vmIds: new Set(['ID-gh-a-1-1']) })).toEqual([]);
});

test('a VM whose create is in flight is not in the plan', () => {
  expect(plan({ vms: [vm('gh-a-1-1')] }, { namesInMaking: new Set(['gh-a-1-1']) })).toEqual([]);
});

test('an ownerless VM is not deleted at the first look', () => {
  expect(plan({ vms: [vm('gh-a-1-1')] }, {}, 1)).toMatchObject([{ do: 'wait' }]);
});

test('an ownerless VM that is off is deleted at the second look', () => {
  expect(plan({ vms: [vm('gh-a-1-1')] })).toMatchObject([{ do: 'delete', kind: 'vm', id: 'ID-gh-a-1-1' }]);
});

test.each(['running', 'starting', 'resuming'])(
  'an ownerless VM that is %s is adopted, never deleted',
  (state) => {
    expect(plan({ vms: [vm('gh-a-1-1', state)] })).toMatchObject([{ do: 'adopt' }]);
  },
);

test('a second VM with the name of an owned one is deleted', () => {
  const owners = { vmIds: new Set(['THE-OTHER']) };
  expect(plan({ vms: [vm('gh-a-1-1', 'stopped', 'THIS')] }, owners)).toMatchObject([
    { do: 'delete', id: 'THIS' },
  ]);
});

test.each([
  ['that its record knows under another id', { vmIds: new Set(['THE-OTHER']) }],
  ['that is still being created', { namesInMaking: new Set(['gh-a-1-1']) }],
])('law 5: a running second VM with the name of one %s is asked, not deleted', (_what, owners) => {
  expect(plan({ vms: [vm('gh-a-1-1', 'running', 'THIS')] }, owners)).toMatchObject([
    { do: 'adopt', id: 'THIS' },
  ]);
});

test('a paused ownerless VM cannot be asked, so it is left to the operator', () => {
  const paused = plan({ vms: [vm('gh-a-1-1', 'paused')] });
  expect(paused).toMatchObject([{ do: 'leave', why: expect.stringContaining('resume it, or delete it') }]);
});

const BASE = 'gh-a-base-0123456789abcdef';

test('a base VM is not deleted while it is kept', () => {
  const keepsBase = ({ host, id }: { host: string; id: string }) => host === 'm1' && id === `ID-${BASE}`;
  expect(plan({ vms: [vm(BASE)] }, { keepsBase })).toEqual([]);
});

test.each([BASE, `${BASE}-new-k3j2`])('%s, when it is not kept, is deleted at the second look', (name) => {
  expect(plan({ vms: [vm(name)] }, {}, 1)).toMatchObject([{ do: 'wait' }]);
  for (const state of ['stopped', 'created', 'error', 'deleted']) {
    expect(plan({ vms: [vm(name, state)] })).toMatchObject([{ do: 'delete', kind: 'vm', name }]);
  }
});

test.each(['starting', 'running', 'paused'])(
  'a base VM that is %s is not deleted, since the daemon did not start it',
  (state) => {
    expect(plan({ vms: [vm(BASE, state)] })).toMatchObject([{ do: 'leave' }]);
  },
);

test.each([
  'gh-b-base-0123456789abcdef',
  'gh-a-base-0123456789abcde',
  'gh-a-base-0123456789abcdef0',
  'gh-a-base-0123456789ABCDEF',
  'gh-a-base-0123456789abcdef-1',
  'gh-a-base-0123456789abcdef-new-',
  'gh-a-base-1234567890123456-1',
  'gh-a-base-base-0123456789abcdef',
  'gh-a-x-base-0123456789abcdef',
])('a VM named %s is not a base of ours', (name) => {
  expect(plan({ vms: [vm(name)] }).filter(({ name: collected }) => collected === name)).toEqual([]);
});

test('a VM that had an owner between two looks counts as new', () => {
  const first = planCollection(
    PREFIX,
    { vms: [vm('gh-a-1-1')], runners: [], unseenHosts: [], unseenScopes: [] },
    nobody,
    new Map(),
    0,
  );
  const owned = { ...nobody, vmIds: new Set(['ID-gh-a-1-1']) };
  const second = planCollection(
    PREFIX,
    { vms: [vm('gh-a-1-1')], runners: [], unseenHosts: [], unseenScopes: [] },
    owned,
    first.sightings,
    1,
  );
  expect(second.sightings.size).toBe(0);
});

test('an ownerless offline runner is removed at the second look', () => {
  expect(plan({ runners: [runner('gh-a-1-1')] }, {}, 1)).toMatchObject([{ do: 'wait' }]);
  expect(plan({ runners: [runner('gh-a-1-1')] })).toMatchObject([{ do: 'delete', kind: 'runner', id: 7 }]);
});

test.each([
  ['busy', runner('gh-a-1-1', { busy: true })],
  ['online', runner('gh-a-1-1', { online: true })],
])('a runner that is %s is never removed', (_, found) => {
  expect(plan({ runners: [found] })).toMatchObject([{ do: 'leave' }]);
});

test('a runner whose VM exists is not removed before the VM', () => {
  expect(plan({ vms: [vm('gh-a-1-1', 'running')], runners: [runner('gh-a-1-1')] })).toMatchObject([
    { kind: 'vm', do: 'adopt' },
    { kind: 'runner', do: 'leave' },
  ]);
});

test('no runner is removed while a host that may hold its VM does not answer', () => {
  expect(plan({ runners: [runner('gh-a-1-1')], unseenHosts: ['m2'], unseenScopes: [] })).toMatchObject([
    { do: 'leave' },
  ]);
});

test('a runner that is gone is removed again when it appears late, and not while it may have a job', () => {
  const gone = { goneRunners: new Set(['gh-a-1-2']), vmIds: new Set(['ID-gh-a-1-2']) };
  const planned = (facts = {}) => plan({ vms: [vm('gh-a-1-2')], runners: [runner('gh-a-1-2', facts)] }, gone);
  expect(planned()).toMatchObject([
    { kind: 'runner', do: 'delete', why: 'its VM does not need it any more' },
  ]);
  expect(planned({ online: true })).toMatchObject([{ do: 'leave' }]);
  expect(planned({ busy: true })).toMatchObject([{ do: 'leave' }]);
});

test('a runner that a record has is not in the plan', () => {
  expect(plan({ runners: [runner('gh-a-1-2')] }, { runnerNames: new Set(['gh-a-1-2']) })).toEqual([]);
});
