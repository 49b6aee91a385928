import { expect, test } from 'vitest';
import { conclusions, type Scenario, scenario } from './scenario.ts';

const order = (world: Scenario, what: string) =>
  fetch(`${world.adminUrl}/api/hosts/${what}`, { method: 'POST' });

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
  expect(world.log()).toContain('has ended; it gets jobs again');
});
