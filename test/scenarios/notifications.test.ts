import { expect, test } from 'vitest';
import { systemTime } from '../../src/clock.ts';
import { abandon } from '../../src/simulator/github/jobs/job-lease.ts';
import { SteadyClock } from '../../src/steady-clock.ts';
import { receivingServer, status } from '../notices/receiving-server.ts';
import { soon } from '../support/soon.ts';
import { scenario } from './scenario.ts';

/** Milliseconds; a job whose end GitHub tells sooner after the end of its VM may have ended before it. */
const SILENCE = 6 * 60_000;
/** Milliseconds; longer than a first notice waits for others that belong to it. */
const GROUPING = 25_000;

/** A clock that is ahead by some milliseconds, and leaps as if the Mac had slept. */
function leapingClock(ahead: number) {
  const system = { ahead };
  const clock = new SteadyClock({
    ...systemTime,
    wall: () => systemTime.wall() + system.ahead,
    elapsed: () => systemTime.elapsed() + system.ahead,
  });
  return {
    clock,
    leap(ms: number): void {
      system.ahead += ms;
    },
  };
}

test('a job that was lost is told, by the next daemon where the first one ended before, and nothing waits for it', {
  timeout: 120_000,
}, async () => {
  await using server = await receivingServer();
  server.faults.push(status(503));
  await using world = await scenario({ config: { notify: { ops: { form: 'slack', url: server.url } } } });
  const daemon = await world.start();
  world.push([{ name: 'nightly', steps: ['sleep 60'] }]);
  await world.reaches('running.busy');
  await world.mac.restart('graceful', 100);
  await world.until(() => /VM_VANISHED.*while the job ran/.test(world.log()));
  await daemon.drain();
  expect(server.received).toEqual([]);

  const { clock, leap } = leapingClock(SILENCE);
  const again = await world.start(clock);
  // GitHub keeps the runner until it fails the job.
  await world.until(async () => (await world.jobs()).jobs.some(({ state }) => /runner\.waiting/.test(state)));
  for (const lease of [...world.github.world.leases.values()]) abandon(world.github.world, lease, 'failure');
  const [served] = world.push([{ steps: ['true'] }]);
  await world.isClean();
  expect(served?.state.conclusion).toBe('success');

  const metrics = async () => (await fetch(`${world.adminUrl}/metrics`)).text();
  await soon(async () =>
    expect(await metrics()).toContain('jeballto_runner_notices_pending{receiver="ops"} 1'),
  );
  leap(GROUPING);
  await server.until(2);
  const [first, second] = server.received.map(({ body }) => String(body.text));
  expect(first).toContain(':red_circle: *Job nightly*: It was lost while it ran. VM_VANISHED: ');
  expect(second).toBe(first);
  await soon(async () =>
    expect(await metrics()).toContain('jeballto_runner_notifications_total{receiver="ops",result="sent"} 1'),
  );
  expect(await metrics()).toContain('jeballto_runner_notices_pending{receiver="ops"} 0');
  expect(world.log()).not.toMatch(/s3cr3t|v4lue/);
  await again.drain();
});
