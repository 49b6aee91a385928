import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { approveRun, cancelRun, currentJobs, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { conclusions, SECRET, scenario } from './scenario.ts';

const FAR = { poll_interval: '1h', recheck_interval: '1h' };

test('in mode poll a job is found, served and cleaned up without any webhook', async () => {
  await using world = await scenario({ hook: false, config: { controller: { mode: 'poll' } } });
  await world.start();
  const jobs = world.push([{ steps: ['echo served'] }]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(world.vmsCreated()).toBe(1);
});

test('in mode webhook a job is served without a poll', async () => {
  await using world = await scenario({ config: { controller: { mode: 'webhook', ...FAR } } });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});

test('in mode webhook a job whose webhook was lost is found by the slow poll', async () => {
  await using world = await scenario({ config: { controller: { mode: 'webhook' } } });
  world.github.faults.add({ route: 'webhook *', drop: 'before' });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});

test('in mode both a job that is found by poll and webhook gets one VM', async () => {
  await using world = await scenario();
  await world.start();
  const jobs = world.push([{}, {}]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  expect(world.vmsCreated()).toBe(2);
});

test('duplicate, late and reordered webhooks change nothing', async () => {
  await using world = await scenario({ config: { controller: { mode: 'webhook', ...FAR } } });
  const copies = world.github.faults.add({ route: 'webhook workflow_job queued', body: { copies: 3 } });
  const late = world.github.faults.add({
    route: 'webhook workflow_job in_progress',
    body: { afterNext: true },
  });
  await world.start();
  const jobs = world.push([{ steps: ['sleep 0.2'] }]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(world.vmsCreated()).toBe(1);
  expect([copies.hits, late.hits]).toEqual([1, 1]);
});

test('a forged webhook is refused and starts no VM, a real one is accepted', async () => {
  await using world = await scenario({ hook: false, config: { controller: { mode: 'webhook', ...FAR } } });
  await world.start();
  const body = JSON.stringify({ action: 'queued', workflow_job: { id: 1 } });
  const send = (signature: string) =>
    fetch(world.webhookUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-github-event': 'workflow_job',
        'x-github-delivery': 'd-1',
        'x-hub-signature-256': signature,
      },
      body,
    });
  expect((await send(`sha256=${'0'.repeat(64)}`)).status).toBe(401);
  const refusal = await send(`sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`);
  expect([refusal.status, await refusal.json()]).toEqual([
    400,
    { message: expect.stringContaining('workflow_job.run_id') },
  ]);
  expect((await world.jobs()).jobs).toEqual([]);
});

test('a job that no label of the config matches is logged once and gets no VM', async () => {
  await using world = await scenario();
  await world.start();
  world.push([{ labels: ['macos-latest', 'jeballto-macos'] }, { labels: ['ubuntu-latest'] }]);
  await world.until(() => world.log().includes('ubuntu-latest'));
  const served = world.push();
  await world.until(() => served[0]?.state.status === 'completed');
  expect(world.vmsCreated()).toBe(1);
  expect(world.log().match(/is not for us/g)).toHaveLength(2);
});

test('a job that waits for approval gets no VM before it is approved', async () => {
  await using world = await scenario();
  await world.start();
  const [waiting] = world.push([{ needsApproval: true }]);
  const [other] = world.push();
  await world.until(() => other?.state.status === 'completed');
  expect([waiting?.state.status, world.vmsCreated()]).toEqual(['waiting', 1]);
  if (waiting) approveRun(world.github.world, waiting.run);
  await world.isClean();
  expect(waiting?.state.conclusion).toBe('success');
});

test('a re-run has new jobs, and those of the earlier attempt are over', async () => {
  await using world = await scenario({ hook: false, config: { controller: { mode: 'poll' } } });
  world.mac.faults.add({ route: 'mac create *', delayMs: 1_000, times: 1 });
  await world.start();
  const [first] = world.push();
  await world.reaches('creating');
  if (!first) throw new Error('nothing was pushed');
  cancelRun(world.github.world, first.run);
  rerun(world.github.world, first.run);
  const [second] = currentJobs(first.run);
  await world.isClean();
  expect([first.state.conclusion, second?.state.conclusion]).toEqual(['cancelled', 'success']);
});
