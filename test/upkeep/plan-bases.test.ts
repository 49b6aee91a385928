import { expect, test } from 'vitest';
import { planBases, type WantedBase } from '../../src/upkeep/bases/plan-bases.ts';

const PREFIX = 'gh-a';
const [K1, K2, K3] = ['1', '2', '3'].map((digit) => digit.repeat(16)) as [string, string, string];
const wants = (key: string | null, before: string | null = null, profile = 'mac'): WantedBase => ({
  profile,
  key,
  before,
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
    'the tag moved: the earlier base is used and kept until the next one is there',
    plan(wants(K2, 'ID-1'), vm(K1)),
    ['ID-1', true, 'of an earlier image: it is being made', ['ID-1']],
  ],
  [
    'the tag moved and the next base is there: it is used, the earlier one is not kept',
    plan(wants(K2, 'ID-1'), vm(K1), vm(K2)),
    ['ID-2', false, null, ['ID-2']],
  ],
  [
    'the tag moved and the earlier base is gone: there is none until the next one is made',
    plan(wants(K2, 'ID-1')),
    [null, true, 'it is being made', []],
  ],
  [
    'the tag moved and the earlier base runs: it is not used',
    plan(wants(K2, 'ID-1'), vm(K1, 'running')),
    [null, true, 'it is being made', []],
  ],
  [
    'the tag moved and a person renamed the earlier base: it is not used',
    plan(wants(K2, 'ID-1'), { ...vm(K1), name: 'golden' }),
    [null, true, 'it is being made', []],
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
  const both = planBases(PREFIX, [wants(K1), wants(K2, null, 'large')], vms);
  expect(both.kept).toEqual(new Set(['ID-1', 'ID-2']));
  const unsure = planBases(PREFIX, [wants(K1), wants(null, null, 'large')], vms);
  expect([unsure.bases[0]?.base.state, unsure.kept]).toEqual(['ready', null]);
});
