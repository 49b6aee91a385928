import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import type { JobContext } from '../../machines/job/context.ts';
import { leftoverOf } from '../../src/store/tables/leftovers.ts';
import { contextAt, RUNNER, START, VM } from '../machines/job-samples.ts';

const FORGOT = failure('OPERATOR_FORGOT', 'ada ordered that this record ends as it is.');
const vm = { host: VM.host, name: VM.name };
const runner = { scope: RUNNER.scope, name: RUNNER.name };

const left = (more: Partial<JobContext>) =>
  leftoverOf(contextAt('tearingDown vm.gone runner.gone job.gone', more), START);

test('nothing is left of a record that ended when its VM and its runner were gone', () => {
  expect(left({})).toBeNull();
  expect(left({ failure: failure('OPERATOR_CANCELLED', 'no') })).toBeNull();
});

test('only the runner is left when GitHub refused its removal for too long', () => {
  expect(left({ runner: { ...RUNNER, isLeft: true } })).toEqual({
    key: RUNNER.name,
    leftover: { at: START, vm: null, runner },
  });
});

test.each([
  ['all that there may be', {}, { key: VM.name, leftover: { at: START, vm, runner } }],
  ['its VM', { runner: null }, { key: VM.name, leftover: { at: START, vm, runner: null } }],
  ['nothing where there was nothing', { vm: null, runner: null }, null],
] as const)('of a record that an operator ended %s is left', (_what, more, expected) => {
  expect(left({ ...more, failure: FORGOT })).toEqual(expected);
});
