import { expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { settledWithActor } from '../../src/jobs/settled-job.ts';
import { JobRig } from '../machines/job-rig.ts';

const LATER = 600_000;

test('a lost job keeps the instant at which its loss was seen, and no other job has one', async () => {
  const rig = new JobRig({ stalled: true });
  await rig.grantSlot();
  const { context } = rig;
  const cause = failure('VM_VANISHED', 'It is gone.');
  const ended = (outcome: 'lost' | 'succeeded') =>
    settledWithActor({ outcome, blame: null, cause, attempts: 1 }, context, context.phase.enteredAt + LATER);
  expect(ended('lost')).toMatchObject({
    at: context.phase.enteredAt + LATER,
    lostAt: context.phase.enteredAt,
  });
  expect(ended('succeeded').lostAt).toBeUndefined();
});
