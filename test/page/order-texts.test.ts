import { expect, test } from 'vitest';
import { collected, hostOrder, jobOrder } from '../../src/page/orders/order-texts.js';

const step = (what: 'delete' | 'adopt' | 'wait' | 'leave', kind: 'vm' | 'runner') => ({ do: what, kind });

test('the result of a collection is told in words', () => {
  expect(collected([])).toBe('Nothing to collect.');
  expect(collected([step('delete', 'vm'), step('delete', 'vm'), step('delete', 'runner')])).toBe(
    'The collector removed 2 VMs and 1 runner.',
  );
  expect(collected([step('delete', 'runner'), step('wait', 'vm'), step('adopt', 'vm')])).toBe(
    'The collector removed 1 runner. It watches 1 VM that may run a job, and removes nothing of it now. It looks again before it removes 1 VM.',
  );
  expect(collected([step('leave', 'runner')])).toBe('It left 1 runner that may be in use.');
});

test('what is left of a forgotten record is named', () => {
  const { result } = jobOrder('forget', 4, 'build');
  expect(result({ ordered: true, left: { vm: 'vm-4', host: 'mini-1', runner: 'run-4' } })).toBe(
    'The record has ended. The collector removes what is left: VM vm-4 on mini-1 and runner run-4.',
  );
  expect(result({ ordered: true, left: { vm: null, host: null, runner: null } })).toBe(
    'The record has ended. It had no VM and no runner.',
  );
});

test('each order says in one sentence what will happen', () => {
  const all = [
    ...(['cancel', 'giveUp', 'retry', 'serve', 'forget', 'hold', 'release'] as const).map((what) =>
      jobOrder(what, 4, ''),
    ),
    ...(['cordon', 'uncordon', 'drain'] as const).map((what) => hostOrder(what, 'mini-1')),
  ];
  for (const { title, sentence } of all) {
    expect(title).toMatch(/^[A-Z][^.]*\?$/);
    expect(sentence).toMatch(/^\S[^.]*\.$/);
  }
  expect(jobOrder('serve', 4, '').path).toBe('/api/jobs/4/retry');
  expect(hostOrder('drain', 'mini/1').path).toBe('/api/hosts/mini%2F1/drain');
});
