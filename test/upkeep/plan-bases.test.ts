import { expect, test } from 'vitest';
import { planBases, type WantedBase } from '../../src/upkeep/bases/plan-bases.ts';

const PREFIX = 'gh-a';
const [K1, K2, K3] = ['1', '2', '3'].map((digit) => digit.repeat(16)) as [string, string, string];
const wants = (key: string | null, profile = 'mac', role: WantedBase['role'] = 'current'): WantedBase => ({
  profile,
  image: key === null ? null : { reference: 'r', digest: `sha256:${key}` },
  key,
  role,
});
const vm = (key: string, state = 'stopped', id = `ID-${key[0]}`) => ({ id, name: `gh-a-base-${key}`, state });

/** The plan of one profile as `[id of the base, whether one is made, why, ids to keep]`. */
function plan(wanted: WantedBase, ...vms: ReturnType<typeof vm>[]) {
  const { bases, kept } = planBases(PREFIX, [wanted], vms);
  const [{ base, make }] = bases as [(typeof bases)[number]];
  return [base.state === 'ready' ? base.vmId : null, make, base.why, kept && [...kept]];
}

test.each<[string, unknown[], unknown[]]>([
  ['nothing is there: one is made', plan(wants(K1)), [null, true, 'it is being made', []]],
  ['it is there: it is used and kept', plan(wants(K1), vm(K1)), ['ID-1', false, null, ['ID-1']]],
  [
    'two VMs have its name: the first is used and kept',
    plan(wants(K1), vm(K1, 'stopped', 'A'), vm(K1, 'stopped', 'B')),
    ['A', false, null, ['A']],
  ],
  [
    'it is not stopped: it is not used, and no second one is made',
    plan(wants(K1), vm(K1, 'running')),
    [null, false, `gh-a-base-${K1} is running`, []],
  ],
  [
    'of two VMs with its name one is stopped: that one is used',
    plan(wants(K1), vm(K1, 'error', 'A'), vm(K1, 'stopped', 'B')),
    ['B', false, null, ['B']],
  ],
  [
    'the digest is unknown: nothing is made, and everything that looks like a base is kept',
    plan(wants(null), vm(K1)),
    [null, false, 'the digest of its image is not known yet', null],
  ],
  [
    'an unfinished base is never used',
    plan(wants(K1), { ...vm(K1), name: `gh-a-base-${K1}-new-1` }),
    [null, true, 'it is being made', []],
  ],
  [
    'the base of another daemon is never used',
    plan(wants(K1), { ...vm(K1), name: `gh-b-base-${K1}` }),
    [null, true, 'it is being made', []],
  ],
])('%s', (_what, got, expected) => expect(got).toEqual(expected));

test('each profile has its own base, and one profile without a digest keeps everything that looks like a base', () => {
  const vms = [vm(K1), vm(K2), vm(K3)];
  const both = planBases(PREFIX, [wants(K1), wants(K2, 'large')], vms);
  expect(both.kept).toEqual(new Set(['ID-1', 'ID-2']));
  const unsure = planBases(PREFIX, [wants(K1), wants(null, 'large')], vms);
  expect([unsure.bases[0]?.base.state, unsure.kept]).toEqual(['ready', null]);
});

/** For each base: its digit, its role being that of the order, and whether it is there or made. */
function planOf(wanted: WantedBase[], ...vms: ReturnType<typeof vm>[]) {
  const { bases, kept } = planBases(PREFIX, wanted, vms);
  return [
    bases.map(({ image, base, make }) => `${image?.digest.at(-1)} ${base.state}${make ? ' made' : ''}`),
    kept,
  ];
}

const [CURRENT, TRIAL, PREVIOUS] = [wants(K1), wants(K2, 'mac', 'trial'), wants(K3, 'mac', 'previous')];

test('a host has the base of the tried image beside that of the image in use', () => {
  expect(planOf([CURRENT, TRIAL], vm(K1))).toEqual([['1 ready', '2 none made'], new Set(['ID-1'])]);
  expect(planOf([CURRENT, TRIAL], vm(K1), vm(K2))).toEqual([
    ['1 ready', '2 ready'],
    new Set(['ID-1', 'ID-2']),
  ]);
});

test('the base of the previous image is kept until that of the image in use is there, and is never made', () => {
  expect(planOf([CURRENT, PREVIOUS], vm(K3))).toEqual([['1 none made', '3 ready'], new Set(['ID-3'])]);
  expect(planOf([CURRENT, PREVIOUS], vm(K1), vm(K3))).toEqual([['1 ready'], new Set(['ID-1'])]);
  expect(planOf([CURRENT, PREVIOUS])).toEqual([['1 none made'], new Set()]);
  expect(planOf([CURRENT, TRIAL, PREVIOUS], vm(K1), vm(K3))).toEqual([
    ['1 ready', '2 none made'],
    new Set(['ID-1']),
  ]);
});

test('a base that runs is not used, and one that a person renamed is not ours', () => {
  expect(planOf([CURRENT, PREVIOUS], vm(K3, 'running'))).toEqual([['1 none made'], new Set()]);
  expect(planOf([CURRENT, PREVIOUS], { ...vm(K3), name: 'golden' })).toEqual([['1 none made'], new Set()]);
});
