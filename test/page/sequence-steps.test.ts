import { expect, test } from 'vitest';
import { sequenceOf } from '../../src/page/sequence/steps.js';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';

let seq = 0;
function entry(over: Partial<StoredJournalEntry>): StoredJournalEntry {
  seq += 1;
  const where = { actor: '7', jobId: 7, attempt: 1, host: 'mini-1', from: 'starting.acting' };
  return { seq, at: 1_000 * seq, ...where, event: 'startVm done', to: 'sshReady.acting', ...over };
}
const call = (system: string, host: string | null) => ({
  ...{ system, host, method: 'GET', route: '/vms', status: 200, ms: 5, times: 1, at: 0 },
});
const stepOf = (over: Partial<StoredJournalEntry>) => sequenceOf([entry(over)], []).steps[0];

test('an event goes from the system that reports it to the actor of the job', () => {
  const ends = (event: string) => {
    const { from, to } = stepOf({ event }) ?? {};
    return [from, to];
  };
  expect(ends('job.started')).toEqual(['github', ['job 7']]);
  expect(ends('obtainRunnerConfig done')).toEqual(['github', ['job 7']]);
  expect(ends('startVm failed')).toEqual(['host mini-1', ['job 7']]);
  expect(ends('vm.vanished')).toEqual(['host mini-1', ['job 7']]);
  expect(ends('probeGuest done')).toEqual(['guest', ['job 7']]);
  expect(ends('operator.retried')).toEqual(['operator', ['job 7']]);
  expect(ends('slot.granted')).toEqual(['daemon', ['job 7']]);
  expect(ends('retryWait done')).toEqual(['job 7', []]);
});

test('an effect goes from the actor to each system that it called', () => {
  const detail = { startedAt: 1_000, endedAt: 4_000, outcome: 'done', more: 1 };
  const calls = [call('agent', 'mini-1'), call('guest', 'mini-1:22'), call('agent', 'mini-1')];
  const step = stepOf({ kind: 'effect', event: 'connectGuest', detail: { ...detail, calls } });
  expect(step).toMatchObject({ from: 'job 7', to: ['host mini-1', 'guest'] });
  expect(step?.sentence).toBe('Connecting to the guest: 4 calls in 3 s');
});

test('a step says in a sentence what happened, why, and the next state', () => {
  expect(stepOf({})?.sentence).toBe('Starting the VM succeeded. State: sshReady.');
  const detail = { code: 'HOST_UNREACHABLE', message: 'The host did not answer.' };
  expect(stepOf({ event: 'startVm failed', to: 'starting.waiting', detail })?.sentence).toBe(
    'Starting the VM failed: The host did not answer.',
  );
  const end = { outcome: 'succeeded', blame: null, cause: null } as const;
  expect(stepOf({ event: 'tearingDown done', from: 'tearingDown', to: 'done', end })?.sentence).toMatch(
    / The job: succeeded\.$/,
  );
  const breaker = { kind: 'breaker', detail: { about: 'host', name: 'mini-1' }, to: 'open' } as const;
  expect(stepOf(breaker)?.sentence).toBe('The breaker for host mini-1 is open');
});

test('the last step has the colour of the end that it tells', () => {
  const moodOfEnd = (outcome: 'succeeded' | 'lost' | 'cancelled') =>
    stepOf({ from: 'tearingDown', to: 'done', end: { outcome, blame: null, cause: null } })?.mood;
  expect([moodOfEnd('succeeded'), moodOfEnd('lost'), moodOfEnd('cancelled')]).toEqual([
    'good',
    'bad',
    'idle',
  ]);
});

test('the lanes are those that occur, and each actor of the job has its own', () => {
  const own = [
    entry({ event: 'job.observed', from: '', to: 'queued' }),
    entry({ event: 'job.released', actor: '7.2', from: '', to: 'queued' }),
  ];
  const around = [entry({ kind: 'host', actor: 'host:mini-1', jobId: 0, event: 'host.looked', to: 'lost' })];
  const { lanes, steps } = sequenceOf(own, around);
  expect(lanes.map(({ name }) => name)).toEqual([
    'GitHub',
    'Daemon',
    'Job, VM 1',
    'Job, VM 2',
    'Host mini-1',
  ]);
  expect(steps.map((step) => step.seq)).toEqual([...own, ...around].map((one) => one.seq));
});
