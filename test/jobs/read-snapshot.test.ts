import { expect, test } from 'vitest';
import { createActor } from 'xstate';
import { readSnapshot } from '../../src/jobs/records/read-snapshot.ts';
import { JOB } from '../machines/job-samples.ts';
import { machine } from '../machines/job-step.ts';

/** The stored snapshot of a job that has just got its slot, for a test to change. */
function stored() {
  const actor = createActor(machine, { input: { job: JOB } });
  actor.subscribe({ error: () => undefined });
  actor.start().send({ type: 'slot.granted', host: 'mini-1', numbers: { first: 1, last: 100 } });
  const snapshot = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
  actor.stop();
  return snapshot;
}

test('a record of this version is revived', () => {
  const record = stored();
  expect(readSnapshot(machine, record)).toEqual({ snapshot: record });
});

test('an unknown field of a record is dropped', () => {
  const record = stored();
  record.context.job.priority = 7;
  expect(readSnapshot(machine, record)).toEqual({ snapshot: stored() });
});

test('a record of a version without holds and image versions is revived, with none of them', () => {
  const record = stored();
  delete record.context.hold;
  delete record.context.job.holdOrder;
  delete record.context.vm.image;
  expect(readSnapshot(machine, record)).toEqual({ snapshot: stored() });
});

test('an effect of its state that a record lacks is started', () => {
  const record = stored();
  const { createVm, ...others } = record.children;
  expect(createVm.src).toBe('createVm');
  const read = readSnapshot(machine, { ...record, children: others });
  expect(read).toMatchObject({
    snapshot: {
      children: {
        ...others,
        createVm: {
          src: 'createVm',
          snapshot: {
            status: 'active',
            input: { host: 'mini-1', vmName: 'gh-default-101-1', profile: JOB.profile, isWarm: false },
          },
        },
      },
    },
  });
});

test('law 10: a record with an effect that had ended is not revived', () => {
  const record = stored();
  record.children.createVm.snapshot.status = 'done';
  expect(readSnapshot(machine, record)).toEqual({ why: expect.stringMatching(/children.createVm/) });
});

test.each<[string, (record: ReturnType<typeof stored>) => unknown, RegExp]>([
  ['of a state that no longer exists', (record) => ({ ...record, value: { making: 'acting' } }), /making/],
  [
    'with an effect that no longer exists',
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
  [
    'of an earlier version that was not upgraded',
    (record) => {
      delete record.context.otherJobSince;
      return record;
    },
    /otherJobSince/,
  ],
  ['that is nothing', () => null, /\w+/],
])('law 10: a record %s is not revived, and the reason names what is wrong', (_what, change, reason) => {
  expect(readSnapshot(machine, change(stored()))).toEqual({ why: expect.stringMatching(reason) });
});
