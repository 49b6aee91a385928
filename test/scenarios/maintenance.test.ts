import { expect, test } from 'vitest';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const order = (world: Scenario, what: string) =>
  fetch(`${world.adminUrl}/api/hosts/${what}`, { method: 'POST' });

test('in a maintenance window a Mac gets no job, and the other Mac gets all', async () => {
  await using world = await scenario({ macs: 2 });
  // An hour that began a moment ago, whenever the test runs.
  const start = `${new Date().getUTCMinutes()} ${new Date().getUTCHours()} * * *`;
  const maintenance = [{ start, duration: '1h', time_zone: 'UTC' }];
  await world.setHosts((host, index) => (index === 0 ? { ...host, maintenance } : host));
  await world.start();
  const jobs = world.push([{}, {}]);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  expect(world.macs.map(({ world: mac }) => mac.vmsCreated)).toEqual([0, 2]);
  expect((await world.hosts())[0]).toMatchObject({ cordon: { by: 'its maintenance window' } });
});

test('a Mac whose agent is in maintenance costs no attempt; its job waits with that reason, then one proves the Mac', async () => {
  await using world = await scenario();
  world.mac.world.maintenance = true;
  await world.start();
  const jobs = world.push([{}, {}]);
  await world.until(async () => {
    const [waits] = await world.waiting();
    return waits?.sentence.includes('is in maintenance: its agent has refused changes since') ?? false;
  });
  expect((await world.hosts())[0]).toMatchObject({ state: 'maintenance', breaker: null });
  const { jobs: waiting } = await world.jobs();
  expect(waiting.filter(({ job }) => job.id > 0).map(({ job }) => job.attemptsFailed)).toEqual([0, 0]);
  world.mac.world.maintenance = false;
  await world.until(async () => {
    const [host] = await world.hosts();
    return host?.state === 'proving' && host.proof?.cause === 'maintained';
  });
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
  expect((await world.hosts())[0]).toMatchObject({ state: 'healthy', proof: null });
});

test('after a restart of its agent a Mac gets one VM, and a second one when that is usable', async () => {
  await using world = await scenario({ config: { controller: { mode: 'poll' } } });
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 2_500 }, times: 1 });
  await world.start();
  await world.until(async () => ((await world.hosts())[0]?.look?.uptime ?? 0) >= 2);
  await world.mac.restart('crash', 0);
  await world.until(async () => (await world.hosts())[0]?.state === 'proving');
  const jobs = world.push([{ steps: ['sleep 3'] }, { steps: ['sleep 3'] }]);
  await world.until(async () => {
    const waits = await world.waiting();
    return waits.some(
      ({ why, sentence }) => why === 'proving' && sentence.includes('its agent was restarted'),
    );
  });
  await world.reaches('sshReady');
  expect(world.vmsCreated()).toBe(1);
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success', 'success']);
});

test('a drained Mac gets no job until its end, also after a restart, and then jobs again by itself', async () => {
  await using world = await scenario({ config: { controller: { mode: 'poll' } } });
  const first = await world.start();
  const [{ name = '' } = {}] = await world.hosts();
  expect((await order(world, `${name}/drain?until=4s`)).status).toBe(200);
  const jobs = world.push();
  await world.until(async () => {
    const [waits] = await world.waiting();
    return waits?.why === 'cordoned' && waits.until !== null;
  });
  await first.drain();
  expect(world.vmsCreated()).toBe(0);
  await world.start();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
  expect(world.log()).toContain('the cordon by an operator has ended');
});
