import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { readSnapshot } from '../../src/jobs/read-snapshot.ts';
import { JOB } from '../machines/job-samples.ts';
import { machine } from '../machines/job-step.ts';

/** The stored snapshot of a job that has just got its slot, for a test to change. */
function stored() {
  const actor = createActor(machine, { input: { job: { ...JOB, namesTaken: 0 } } });
  actor.subscribe({ error: () => undefined });
  actor.start().send({ type: 'slot.granted', host: 'mini-1' });
  const snapshot = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
  actor.stop();
  return snapshot;
}

test('a record of this version is revived', () => {
  const record = stored();
  expect(readSnapshot(machine, record)).toEqual({ snapshot: record });
});

test('a record of an earlier version gets the default of a field that it lacks', () => {
  const record = stored();
  delete record.context.released;
  expect(readSnapshot(machine, record)).toMatchObject({ snapshot: { context: { released: false } } });
});

test('a field that this version does not know is dropped', () => {
  const record = stored();
  record.context.job.priority = 7;
  expect(readSnapshot(machine, record)).toEqual({ snapshot: stored() });
});

test('law 10: a record without the effect of its state would sit there for ever, and is not revived', () => {
  const record = stored();
  delete record.children.createVm;
  expect(readSnapshot(machine, record)).toEqual({
    why: 'the effect createVm of job.creating.acting is not in the record',
  });
});

test.each<[string, (record: ReturnType<typeof stored>) => unknown, RegExp]>([
  ['of a state that is no more', (record) => ({ ...record, value: { making: 'acting' } }), /making/],
  [
    'with an effect that is no more',
    (record) => {
      record.children.createVm.src = 'cloneVm';
      return record;
    },
    /no effect cloneVm for createVm/,
  ],
  ['of an actor that had stopped', (record) => ({ ...record, status: 'stopped' }), /status/],
  [
    'whose context lacks a field',
    (record) => ({ ...record, context: { ...record.context, job: {} } }),
    /job/,
  ],
  ['that is nothing', () => null, /\w+/],
])('law 10: a record %s is not revived, and the reason names what is wrong', (_what, change, reason) => {
  expect(readSnapshot(machine, change(stored()))).toEqual({ why: expect.stringMatching(reason) });
});
