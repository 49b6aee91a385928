import { expect, test } from 'vitest';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { HeldStep } from '../support/held-step.ts';
import { conclusions, scenario } from './scenario.ts';

const cancel = (
  world: Awaited<ReturnType<typeof scenario>>,
  job: { run: Parameters<typeof cancelRun>[1] } | undefined,
) => {
  if (job) cancelRun(world.github.world, job.run);
};

test('a job cancelled while it is queued never gets a VM', async () => {
  await using world = await scenario({ agent: { slots: 1 } });
  world.mac.world.vmsCreated = 0;
  await world.start();
  using held = new HeldStep();
  const [running] = world.push([{ steps: [held.command()] }]);
  await world.reaches('running');
  const [queued] = world.push();
  await world.reaches('queued');
  cancel(world, queued);
  await world.until(async () => (await world.jobs()).jobs.length === 1);
  held.end();
  await world.isClean();
  expect([running?.state.conclusion, queued?.state.conclusion]).toEqual(['success', 'cancelled']);
  expect(world.vmsCreated()).toBe(1);
});

test('a job cancelled while its VM is being created leaves no VM, also when the create ends later', async () => {
  await using world = await scenario();
  const slow = world.mac.faults.add({ route: 'mac create *', delayMs: 1_500, times: 1 });
  await world.start();
  const [job] = world.push();
  await world.until(() => slow.hits === 1);
  cancel(world, job);
  await world.reaches('tearingDown');
  await world.isClean();
  expect([job?.state.conclusion, world.vmsCreated()]).toEqual(['cancelled', 1]);
});

test('a job cancelled while its VM boots takes the VM with it', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 'never' } });
  await world.start();
  const [job] = world.push();
  await world.reaches('sshReady');
  cancel(world, job);
  await world.isClean();
  expect(job?.state.conclusion).toBe('cancelled');
  expect(world.log()).not.toContain('generate-jitconfig');
});

test('a job cancelled while it runs ends in its VM first', async () => {
  await using world = await scenario();
  await world.start();
  const [job] = world.push([{ steps: ['sleep 30'] }]);
  await world.until(() => job?.state.status === 'in_progress');
  cancel(world, job);
  await world.isClean();
  expect([job?.state.conclusion, world.vmsCreated()]).toEqual(['cancelled', 1]);
});

test('a job waits for a full Mac, and a foreign VM there counts and is never touched', async () => {
  await using world = await scenario();
  for (const name of ['somebody-1', 'gh-other-1-1']) {
    await fetch(world.mac.url.replace('/v1', '/_sim/vms'), {
      method: 'POST',
      body: JSON.stringify({ name }),
    });
  }
  await world.start();
  const jobs = world.push();
  await world.until(async () => (await world.jobs()).jobs.length === 1);
  await world.until(() => world.log().includes('→ healthy'));
  expect((await world.jobs()).jobs[0]?.state).toBe('queued');
  const [first] = world.vms();
  await fetch(world.mac.url.replace('/v1', `/_sim/vms/${first?.id}`), { method: 'DELETE' });
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(world.vms().map(({ name }) => name)).toEqual(['gh-other-1-1']);
});

test('a job waits after VM_LIMIT_REACHED at the start, without a failed attempt', async () => {
  await using world = await scenario();
  const full = world.mac.faults.add({
    route: 'POST /vms/:id/start',
    status: 409,
    code: 'VM_LIMIT_REACHED',
    times: 2,
  });
  await world.start();
  const jobs = world.push();
  await world.reaches('starting.blocked');
  await world.isClean();
  expect([conclusions(jobs), full.hits, world.vmsCreated()]).toEqual([['success'], 2, 1]);
});

test('two Macs share the jobs, and neither gets more than its slots', async () => {
  await using world = await scenario({ macs: 2 });
  await world.start();
  const jobs = world.push([{}, {}, {}, {}, {}]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(Array(5).fill('success'));
  expect(world.macs.map((mac) => mac.world.vmsCreated).sort()).toEqual([2, 3]);
});

test('an Enterprise Server without JIT runners is served by registration tokens', async () => {
  await using world = await scenario({ github: { enterpriseVersion: '3.9.2', hasJit: false } });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  // The second job uses what the first one found out about the server.
  jobs.push(...world.push());
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  expect(world.asked(/^POST .*generate-jitconfig$/)).toBe(1);
  // One more was the probe for the right to register, before the first VM.
  expect(world.asked(/^POST .*registration-token$/)).toBe(3);
});

test('an attempt that fails because of the image is repeated with a new name, and the job says why it waits', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'guest boot *', body: { missingTools: ['config.sh', 'git'] } });
  await world.start();
  const [job] = world.push();
  const [waiting] = await world.until(async () => {
    const { jobs } = await world.jobs();
    expect(jobs).toMatchObject([{ state: 'queued', job: { attempt: 2 } }]);
    return jobs;
  });
  expect(waiting).toMatchObject({
    job: { attemptsFailed: 2 },
    failure: { code: 'GUEST_TOOL_MISSING', blame: 'image' },
  });
  expect(waiting?.failure?.message).toMatch(/config\.sh.*git/);
  expect([job?.state.status, world.vmsCreated(), world.vms(), world.runners()]).toEqual([
    'queued',
    2,
    [],
    [],
  ]);
});

test('a Mac whose agent is down gets no job, and the job is served when it is back', async () => {
  await using world = await scenario();
  await world.start();
  await world.until(() => world.log().includes('→ healthy'));
  await world.mac.restart('crash', 800);
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});

test('when an agent restarts while a VM boots, the job gets another VM in its next attempt', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 'never' }, times: 1 });
  await world.start();
  const jobs = world.push();
  await world.reaches('sshReady');
  await world.mac.restart('graceful', 100);
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success'], 2]);
});

test('a VM that dies while its job runs is reported, and the job is not started again', async () => {
  await using world = await scenario({ github: { timings: { lostAfter: 1_500 } } });
  await world.start();
  const jobs = world.push([{ steps: ['sleep 60'] }]);
  await world.reaches('running.busy');
  await world.mac.restart('graceful', 100);
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['failure'], 1]);
  expect(world.log()).toMatch(/VM_VANISHED.*while the job ran/);
});

test('the jobs of a Mac that stays unreachable go on at the other Mac', async () => {
  await using world = await scenario({ macs: 2 });
  for (const mac of world.macs)
    mac.faults.add({ route: 'guest boot *', body: { sshdMs: 'never' }, times: 1 });
  await world.start();
  const jobs = world.push();
  const { vm } = await world.reaches('sshReady');
  const lost = vm?.host === 'mac-1' ? 0 : 1;
  const other = world.macs[1 - lost];
  other?.faults.clear();
  await world.macs[lost]?.restart('crash', 5_000);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});
