import { describe, expect, test } from 'vitest';
import { type Job, NO_JOB } from '../../machines/job/context.ts';
import { LONGEST_HOLD } from '../../machines/job/hold.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { JobRig, type RigOptions, type Script } from './job-rig.ts';
import { JOB, OTHER_JOB, STAND_IN, START } from './job-samples.ts';

const MINUTE = 60_000;
const HOLDS = { ...DEFAULT_POLICY, holdFailed: { [JOB.profile]: 20 * MINUTE } };
const ORDERED: Job = { ...JOB, holdOrder: { by: 'ada', at: START, lasts: 10 * MINUTE } };

/** The runner ends before it is online: the image is to blame. */
const NO_RUNNER: Script = {
  launchRunner: [{ fails: 'RUNNER_EXITED' }],
  recheckJob: [{ status: 'queued', conclusion: null, here: false }],
};
const ended = (conclusion: string): Script => ({
  recheckJob: [{ status: 'completed', conclusion, here: true }],
});

async function begun(options: RigOptions): Promise<JobRig> {
  const rig = new JobRig(options);
  await rig.grantSlot();
  return rig;
}

const isHeld = ({ at }: JobRig) => at.startsWith('tearingDown vm.held');

describe('a VM is held', () => {
  test('where its label says so, from the failure of the attempt for as long as it says; its job does not wait for that', async () => {
    const rig = await begun({ policy: HOLDS, script: NO_RUNNER });
    expect(isHeld(rig)).toBe(true);
    expect(rig.context.hold).toMatchObject({ jobId: JOB.id, by: null, until: START + 20 * MINUTE });
    expect(rig.released.map(({ id }) => id)).toEqual([JOB.id]);
    expect(rig.context.job.id).toBe(NO_JOB);
    await rig.clock.pass(20 * MINUTE - 1);
    expect(rig.counts.deleteVm).toBeUndefined();
    await rig.clock.pass(1);
    expect([rig.at, rig.counts.deleteVm, rig.context.hold?.ended]).toEqual(['done', 1, 'over']);
  });

  test('when the job in it failed, and not when that succeeded or was cancelled', async () => {
    expect(isHeld(await begun({ policy: HOLDS, script: ended('failure') }))).toBe(true);
    expect(isHeld(await begun({ policy: HOLDS, script: ended('timed_out') }))).toBe(true);
    for (const conclusion of ['success', 'cancelled']) {
      const rig = await begun({ policy: HOLDS, script: ended(conclusion) });
      expect([rig.at, rig.context.hold]).toEqual(['done', null]);
    }
  });

  test('by an operator for a job of any label, and without either nothing is held', async () => {
    const ordered = await begun({ job: ORDERED, script: NO_RUNNER });
    expect(isHeld(ordered)).toBe(true);
    expect(ordered.context.hold).toMatchObject({ by: 'ada', until: START + 10 * MINUTE });
    expect((await begun({ script: NO_RUNNER })).at).toBe('done');
  });

  test('for what GitHub caused only when an operator wants it, and never after an order that ends the job', async () => {
    const unused: Script = { watchRunner: [{ hangs: true }] };
    const automatic = await begun({ policy: HOLDS, script: unused });
    await automatic.clock.pass(6 * MINUTE);
    expect([automatic.at, automatic.context.failure?.code]).toEqual(['done', 'RUNNER_UNUSED']);
    const ordered = await begun({ job: ORDERED, script: unused });
    await ordered.clock.pass(6 * MINUTE);
    expect(isHeld(ordered)).toBe(true);
    const cancelled = await begun({ policy: HOLDS, job: ORDERED, script: unused });
    await cancelled.send({ type: 'operator.cancelled', by: 'ada' });
    await cancelled.clock.pass(MINUTE);
    expect([cancelled.at, cancelled.context.hold]).toEqual(['failed', null]);
  });

  test('only when it runs: one that is off is deleted at once', async () => {
    const off: Script = { ...NO_RUNNER, openVm: [{ isRunning: false, ssh: null, vnc: null }] };
    const rig = await begun({ policy: HOLDS, script: off });
    expect([rig.at, rig.context.hold?.ended]).toEqual(['done', 'vmGone']);
    const vanished: Script = { watchRunner: [{ ended: 'vanished', failure: null }] };
    expect((await begun({ policy: HOLDS, script: vanished })).counts.openVm).toBeUndefined();
    const notMade = await begun({ policy: HOLDS, script: { createVm: [{ fails: 'IMAGE_INVALID' }] } });
    expect([notMade.at, notMade.counts.openVm]).toEqual(['done', undefined]);
  });

  test('not as a warm VM: there is no job for whose sake anybody would look into it', async () => {
    const rig = await begun({
      policy: HOLDS,
      job: STAND_IN,
      script: { probeGuest: [{ fails: 'GUEST_TOOL_MISSING' }] },
    });
    expect(rig.counts.openVm).toBeUndefined();
  });
});

describe('before anybody gets into it', () => {
  test('law 5: the guest of an online runner is asked twice, and the runner is removed between', async () => {
    const rig = await begun({ job: ORDERED, script: { watchRunner: [{ hangs: true }] } });
    await rig.clock.pass(6 * MINUTE);
    const order = rig.calls.map(({ effect }) => effect);
    expect(order.slice(order.indexOf('askGuest'))).toEqual([
      'askGuest',
      'deregisterRunner',
      'askGitHub',
      'askGuest',
      'removeRunner',
      'openVm',
    ]);
  });

  test('its runner is gone from GitHub, and the person then has the whole time', async () => {
    const busy = { fails: 'RUNNER_BUSY' } as const;
    const rig = await begun({ policy: HOLDS, script: { ...NO_RUNNER, removeRunner: [busy, busy, busy] } });
    expect([rig.at.includes('vm.unregistering'), rig.counts.openVm]).toEqual([true, undefined]);
    await rig.clock.pass(5 * MINUTE);
    expect(isHeld(rig)).toBe(true);
    expect(rig.context.hold?.until).toBeGreaterThan(START + 20 * MINUTE);
  });

  test('a runner that cannot be removed ends the hold', async () => {
    const never = Array.from({ length: 500 }, () => ({ fails: 'GITHUB_ERROR' }) as const);
    const long = { ...HOLDS, holdFailed: { [JOB.profile]: LONGEST_HOLD } };
    const rig = await begun({ policy: long, script: { ...NO_RUNNER, removeRunner: never } });
    await rig.clock.pass(DEFAULT_POLICY.timeouts.removal + 2 * MINUTE);
    expect([rig.at, rig.context.hold?.ended, rig.counts.openVm]).toEqual(['done', 'runnerLeft', undefined]);
  });

  test('a job that the guest turns out to work for ends the plan to hold its VM', async () => {
    const script: Script = {
      watchRunner: [{ hangs: true }, { ended: 'exited', failure: null }],
      askGuest: [{ answer: 'notWorking' }, { answer: 'working' }],
    };
    const rig = await begun({ job: ORDERED, script });
    await rig.clock.pass(6 * MINUTE);
    expect(rig.path.some((at) => at.startsWith('running.busy'))).toBe(true);
    expect(rig.counts.openVm).toBeUndefined();
  });
});

describe('a hold ends', () => {
  test('before the lifetime of its VM', async () => {
    const expiresAt = START + 5 * MINUTE;
    const rig = await begun({ policy: HOLDS, script: { ...NO_RUNNER, startVm: [{ expiresAt }] } });
    expect(rig.context.hold).toMatchObject({ until: expiresAt, latest: expiresAt });
    await rig.clock.passUntil(expiresAt);
    expect(rig.at).toBe('done');
  });

  test('at its latest end, however often it is extended', async () => {
    const rig = await begun({ policy: HOLDS, script: { ...NO_RUNNER, startVm: [{ expiresAt: null }] } });
    for (let hours = 0; hours < 4; hours += 1) {
      await rig.send({ type: 'operator.held', by: 'ada', lasts: LONGEST_HOLD });
      await rig.clock.pass(60 * MINUTE);
    }
    expect([rig.at, rig.calls.at(-1)?.at]).toEqual(['done', START + LONGEST_HOLD]);
  });

  test('when an operator does not need it any more, and an order that is taken back holds nothing', async () => {
    const held = await begun({ policy: HOLDS, script: NO_RUNNER });
    await held.send({ type: 'operator.released', by: 'ada' });
    expect([held.at, held.context.hold?.ended]).toEqual(['done', 'released']);
    const ordered = await begun({ job: ORDERED, script: { watchRunner: [{ hangs: true }] } });
    await ordered.send({ type: 'operator.released', by: 'ada' });
    await ordered.clock.pass(10 * MINUTE);
    expect([ordered.at, ordered.counts.openVm]).toEqual(['done', undefined]);
  });

  test('when the scheduler says so, also before it began', async () => {
    const asks = await begun({ policy: HOLDS, script: NO_RUNNER, unscheduled: true });
    expect(asks.snapshot.hasTag('asksToHold')).toBe(true);
    await asks.send({ type: 'hold.ended', because: 'otherHeld' });
    expect([asks.at, asks.context.hold?.ended, asks.counts.openVm]).toEqual(['done', 'otherHeld', undefined]);
    const held = await begun({ policy: HOLDS, script: NO_RUNNER });
    await held.send({ type: 'hold.ended', because: 'jobWaits' });
    expect([held.at, held.context.hold?.ended]).toEqual(['done', 'jobWaits']);
  });

  test('by itself when nobody says whether it may begin (law 9)', async () => {
    const rig = await begun({ policy: HOLDS, script: NO_RUNNER, unscheduled: true });
    await rig.clock.pass(20 * MINUTE);
    expect(rig.at).toBe('done');
  });

  test('with limits of its own for the deletion: the time of the hold does not count as one that fails', async () => {
    const rig = await begun({ policy: HOLDS, script: { ...NO_RUNNER, deleteVm: [{ fails: 'VM_BUSY' }] } });
    await rig.clock.pass(20 * MINUTE);
    expect(rig.context.phase).toMatchObject({ enteredAt: START + 20 * MINUTE, tries: 1 });
  });
});

describe('an order to hold', () => {
  test('goes with the job to the VM in which it fails', async () => {
    const rig = await begun({ job: ORDERED, script: { probeGuest: [{ hangs: true }] } });
    await rig.send({ type: 'job.exchanged', job: OTHER_JOB, here: false });
    expect(rig.context.job.holdOrder).toBeNull();
    await rig.send({ type: 'job.exchanged', job: { ...OTHER_JOB, ...ORDERED, id: 202 }, here: false });
    expect(rig.context.job.holdOrder).toEqual(ORDERED.holdOrder);
  });

  test('is used up by the first VM that it holds, and kept for the next attempt otherwise', async () => {
    const held = await begun({ job: ORDERED, script: NO_RUNNER });
    expect(held.released.map(({ holdOrder }) => holdOrder)).toEqual([null]);
    const drained = await begun({ job: ORDERED, script: { probeGuest: [{ hangs: true }] } });
    await drained.send({ type: 'host.drained' });
    expect(drained.released.map(({ holdOrder }) => holdOrder)).toEqual([ORDERED.holdOrder]);
  });

  test('can be given while the job runs, and not when its VM is being deleted', async () => {
    const rig = await begun({
      script: { watchRunner: [{ ended: 'tookJob', failure: null }, { hangs: true }] },
    });
    expect(rig.snapshot.can({ type: 'operator.held', by: 'ada', lasts: MINUTE })).toBe(true);
    const deleting = await begun({ script: { ...NO_RUNNER, deleteVm: [{ hangs: true }] } });
    expect(deleting.snapshot.can({ type: 'operator.held', by: 'ada', lasts: MINUTE })).toBe(false);
  });
});

test('law 8: a restart extends no hold', async () => {
  const rig = await begun({ policy: HOLDS, script: NO_RUNNER });
  const stored = rig.stored();
  rig.stop();
  const again = new JobRig({ policy: HOLDS, stored, now: START + 19 * MINUTE });
  expect(isHeld(again)).toBe(true);
  await again.clock.passUntil(START + 20 * MINUTE);
  expect(again.at).toBe('done');
});
