import { rm } from 'node:fs/promises';
import { Level } from 'level';
import { expect, test } from 'vitest';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import type { Waiting } from '../../src/placement/waiting/waiting.ts';
import { HeldStep } from '../support/held-step.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

test('law 4: a job that gets the runner of another job is exchanged with it, and no VM is wasted', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 2_500 }, times: 1 });
  await world.start();
  using held = new HeldStep();
  const jobs = world.push([{ name: 'first', steps: [held.command()] }, { name: 'second' }]);
  await world.until(() => jobs[0]?.state.status === 'in_progress');
  const runsOn = jobs[0]?.state.runner?.name;
  await world.until(async () => {
    const holder = (await world.jobs()).jobs.find(({ job }) => job.id === jobs[0]?.id);
    expect(holder?.runner?.name).toBe(runsOn);
  });
  held.end();
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success', 'success'], 2]);
});

test('a runner that does not come online is retired, and the job gets another runner', async () => {
  await using world = await scenario({ config: { timeouts: { runner_online: '2s' } } });
  world.github.faults.add({ route: 'POST /_runner/sessions', hang: true, times: 1 });
  await world.start();
  const jobs = world.push();
  await world.until(() => world.log().includes('running.retiring'));
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success'], 2]);
});

test('an online runner that gets no job within vm_idle_timeout is retired, and its job waits for its next VM', async () => {
  await using world = await scenario({
    github: { timings: { assignment: 60_000 } },
    config: { controller: { vm_idle_timeout: '600ms' } },
  });
  await world.start();
  const [job] = world.push();
  await world.until(async () => {
    expect((await world.jobs()).jobs).toMatchObject([
      {
        state: 'queued',
        failure: { code: 'RUNNER_UNUSED' },
        job: { id: job?.id, attempt: 1, attemptsFailed: 0, runnersUnused: 1 },
      },
    ]);
    expect([world.vms(), world.runners()]).toEqual([[], []]);
  });
  expect(job?.state.status).toBe('queued');
});

test('law 3: our ownerless VMs and runners are collected after two looks, foreign ones never', async () => {
  await using world = await scenario();
  const add = (name: string, state: string) =>
    fetch(world.mac.url.replace('/v1', '/_sim/vms'), {
      method: 'POST',
      body: JSON.stringify({ name, state }),
    });
  for (const name of [
    'gh-demo-77-1',
    'gh-demo-77',
    'gh-demo-x-1',
    'gh-demo2-77-1',
    'xgh-demo-77-1',
    'gh-demo-77-1-1',
  ]) {
    await add(name, 'stopped');
  }
  await world.start();
  await world.until(() => !world.vms().some(({ name }) => name === 'gh-demo-77-1'));
  expect(world.vms().map(({ name }) => name)).toEqual([
    'gh-demo-77',
    'gh-demo-x-1',
    'gh-demo2-77-1',
    'xgh-demo-77-1',
    'gh-demo-77-1-1',
  ]);
  await world.until(() =>
    /collected vm gh-demo-77-1 \(delete\): no record owns it and it is stopped/.test(world.log()),
  );
});

/** Changes the stored record of the only job while no daemon holds the store. */
async function damageRecord(world: Scenario, damage: (text: string) => string): Promise<void> {
  const database = new Level<string, string>(world.storePath);
  const actors = database.sublevel('actors');
  for await (const [key, text] of actors.iterator()) await actors.put(key, damage(text));
  await database.close();
}

test.each([
  ['cut off', (text: string) => text.slice(0, 100)],
  ['of a state that no longer exists', (text: string) => text.replaceAll('"busy"', '"occupied"')],
  ['of another version', (text: string) => text.replace('"v":1', '"v":7')],
])(
  'a record that is %s goes to quarantine, and its VM is kept until its job is over',
  async (_what, damage) => {
    await using world = await scenario();
    const first = await world.start();
    using held = new HeldStep();
    const jobs = world.push([{ steps: [held.command()] }]);
    await world.reaches('running.busy');
    await first.drain();
    await damageRecord(world, damage);
    await world.start();
    await world.until(() => world.log().includes('was put in quarantine'));
    await world.until(() => world.log().includes('(adopt)'));
    held.end();
    await world.isClean();
    expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success'], 1]);
  },
);

test('law 5: when the store is lost while a job runs, its VM is adopted and its name is not used again', async () => {
  await using world = await scenario();
  const first = await world.start();
  using held = new HeldStep();
  const jobs = world.push([{ steps: [held.command()] }]);
  await world.reaches('running.busy');
  await first.drain();
  await rm(world.storePath, { recursive: true });
  await world.start();
  await world.until(() => world.log().includes('(adopt)'));
  held.end();
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success'], 1]);
});

test('an image that fails twice in a row is held back, and its jobs wait with the reason and without a VM', async () => {
  await using world = await scenario();
  world.mac.faults.add({ route: 'guest boot *', body: { missingTools: ['git'] } });
  await world.start();
  const [broken, next] = world.push([{}, {}]);
  const waits = (jobId: number | undefined, sentence: RegExp) =>
    world.until(async () => {
      const { waiting } = (await (await fetch(`${world.adminUrl}/api/waiting`)).json()) as {
        waiting: Waiting[];
      };
      expect(waiting.find((one) => one.jobId === jobId)?.sentence).toMatch(sentence);
    });
  const held =
    /^The profile jeballto-macos on .* is held back until .*, because it failed 2 times in a row: .*git/;
  await waits(broken?.id, held);
  await waits(next?.id, held);
  const told = (await (await fetch(`${world.adminUrl}/readyz`)).json()) as Readiness;
  expect(told).toMatchObject({ ready: true, degraded: true, reasons: [] });
  expect(told.scopes).toMatchObject([
    { what: 'pair', name: expect.stringMatching(/^jeballto-macos on /), stops: false },
  ]);
  expect([broken?.state.status, next?.state.status, world.vmsCreated()]).toEqual(['queued', 'queued', 2]);
});

test('a response that is lost after the create took effect leads to no second VM', async () => {
  await using world = await scenario();
  const lost = world.mac.faults.add({ route: 'POST /vms', drop: 'after', times: 1 });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  expect([conclusions(jobs), lost.hits, world.vmsCreated()]).toEqual([['success'], 1, 1]);
});

test('a response that is lost after the registration took effect leaves no runner behind', async () => {
  await using world = await scenario();
  const lost = world.github.faults.add({ route: 'POST */generate-jitconfig', drop: 'after', times: 1 });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  expect([conclusions(jobs), lost.hits, world.vmsCreated(), world.asked(/generate-jitconfig/)]).toEqual([
    ['success'],
    1,
    1,
    // The lost one, one with the same name that GitHub refuses, and one with the next name.
    3,
  ]);
});

test('law 9: a teardown that is refused again and again goes on until VM and runner are gone', async () => {
  await using world = await scenario();
  const vm = world.mac.faults.add({ route: 'DELETE /vms/:id', status: 500, code: 'DELETE_FAILED', times: 3 });
  const ssh = world.mac.faults.add({ route: 'DELETE /vms/:id/ssh', status: 500, code: 'SSH_DISABLE_FAILED' });
  await world.start();
  const jobs = world.push();
  await world.isClean();
  expect([conclusions(jobs), vm.hits, ssh.hits]).toEqual([['success'], 3, expect.any(Number)]);
});
