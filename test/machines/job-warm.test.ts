import { expect, test } from 'vitest';
import type { JobEvent } from '../../machines/job/events.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { HANGS, JobRig, type Script } from './job-rig.ts';
import { OTHER_JOB, STAND_IN, START } from './job-samples.ts';

const GETS_A_JOB: JobEvent = { type: 'job.exchanged', job: OTHER_JOB, here: false };

async function warmVm(script: Script = {}): Promise<JobRig> {
  const rig = new JobRig({ job: STAND_IN, script });
  await rig.grantSlot();
  return rig;
}

test('a warm VM is booted and probed, and then waits without a runner', async () => {
  const rig = await warmVm();
  expect(rig.at).toBe('warm');
  expect(rig.calls.map(({ effect }) => effect)).toEqual([
    'createVm',
    'startVm',
    'connectGuest',
    'probeGuest',
  ]);
  expect(rig.callsOf('createVm')[0]?.input).toMatchObject({ isWarm: true });
  expect(rig.context.vm).toMatchObject({ name: `gh-default-0-${START}`, runnerVersion: '2.330.0' });
  expect(rig.context.runner).toBeNull();
});

test('a job that a warm VM gets starts at its runner configuration, and ends as any other job', async () => {
  const rig = await warmVm();
  await rig.send(GETS_A_JOB);
  expect(rig.callsOf('obtainRunnerConfig')[0]?.input).toMatchObject({
    jobId: OTHER_JOB.id,
    runnerName: `gh-default-0-${START}`,
  });
  expect(await rig.finish()).toBe('done');
  expect(rig.context.job.id).toBe(OTHER_JOB.id);
  expect(rig.counts).toMatchObject({ createVm: 1, launchRunner: 1, deleteVm: 1, removeRunner: 1 });
});

test.each(['createVm', 'startVm', 'connectGuest', 'probeGuest'] as const)(
  'a job that a warm VM gets during %s continues from there, without the state warm',
  async (effect) => {
    const rig = await warmVm({ [effect]: [{ fails: 'HOST_UNREACHABLE' }] });
    await rig.send(GETS_A_JOB);
    expect(await rig.finish()).toBe('done');
    expect(rig.path).not.toContain('warm');
    expect(rig.counts.launchRunner).toBe(1);
  },
);

test.each(['createVm', 'startVm', 'connectGuest', 'probeGuest'] as const)(
  'the slot of a warm VM can be reclaimed during %s',
  async (effect) => {
    const rig = await warmVm({ [effect]: [HANGS] });
    await rig.send({ type: 'slot.reclaimed' });
    expect(await rig.finish()).toBe('done');
    expect(rig.counts.deleteVm).toBe(1);
  },
);

test('the slot of a VM with a job cannot be reclaimed', async () => {
  const rig = await warmVm({ obtainRunnerConfig: [HANGS] });
  await rig.send(GETS_A_JOB, { type: 'slot.reclaimed' });
  expect(rig.at).toBe('jitConfig.acting');
});

test('a warm VM without a job is removed when its time is over', async () => {
  const rig = await warmVm();
  await rig.clock.passUntil(START + DEFAULT_POLICY.timeouts.warm - 1);
  expect(rig.at).toBe('warm');
  await rig.clock.passUntil(START + DEFAULT_POLICY.timeouts.warm);
  expect(rig.at).toBe('done');
});

test('a warm VM that cannot be made is cleaned up, and ends as done, not as a failed job', async () => {
  const rig = await warmVm({ startVm: [{ fails: 'VM_START_FAILED' }] });
  expect(await rig.finish()).toBe('done');
  expect(rig.context.failure?.code).toBe('VM_START_FAILED');
});
