import { afterEach, expect, test } from 'vitest';
import { sleepFor, systemClock, systemTime } from '../../src/clock.ts';
import { SteadyClock } from '../../src/steady-clock.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { conclusions, scenario } from './scenario.ts';

const HOUR = 3_600_000;

const daemons: CliProcess[] = [];
afterEach(() => {
  for (const { child } of daemons.splice(0)) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
});

/** The clocks of a machine whose system clock is set by a test. */
function settableClock(aheadBy: number) {
  const system = { aheadBy };
  const clock = new SteadyClock({ ...systemTime, wall: () => systemTime.wall() + system.aheadBy });
  return { system, clock };
}

test.each([
  ['ahead', 26 * HOUR],
  ['behind', -26 * HOUR],
])('a system’s clock that is %s at the start and set right later delays no job', async (_, aheadBy) => {
  await using world = await scenario({ config: { controller: { mode: 'poll' } }, hook: false });
  const { system, clock } = settableClock(aheadBy);
  await world.start(clock);
  await world.until(() => world.asked(/^GET .*\/actions\/runs$/) > 0);
  const before = world.push();
  await world.until(() => world.vmsCreated() === 1);
  system.aheadBy = 0;
  const after = world.push();
  const began = Date.now();
  await world.isClean();
  expect(conclusions([...before, ...after])).toEqual(['success', 'success']);
  expect(world.vmsCreated()).toBe(2);
  expect(Date.now() - began).toBeLessThan(30_000);
});

test('law 13: VMs that boot while the daemon is stopped are looked at before their deadline counts', async () => {
  await using world = await scenario({ config: { timeouts: { ssh_ready: '4s' } } });
  world.mac.faults.add({ route: 'guest boot *', body: { sshdMs: 3_000 } });
  const daemon = startCli(['start', '--config', world.configPath], { cwd: world.folder });
  daemons.push(daemon);
  await world.until(() => daemon.stdout().includes('is ready'));
  const jobs = world.push([{}, {}]);
  await world.until(async () => {
    const { jobs: live } = await world.jobs();
    return live.length === 2 && live.every(({ state }) => state.startsWith('sshReady'));
  });
  daemon.child.kill('SIGSTOP');
  await sleepFor(systemClock, 12_000);
  daemon.child.kill('SIGCONT');
  await world.isClean();
  expect([conclusions(jobs), world.vmsCreated()]).toEqual([['success', 'success'], 2]);
});
