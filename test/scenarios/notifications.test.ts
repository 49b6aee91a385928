import { expect, test } from 'vitest';
import { receivingServer, status } from '../notices/receiving-server.ts';
import { soon } from '../support/soon.ts';
import { scenario } from './scenario.ts';

test('a job that was lost is told, by the next daemon where the first one ended before, and nothing waits for it', {
  timeout: 240_000,
}, async () => {
  await using server = await receivingServer();
  server.faults.push(status(503));
  await using world = await scenario({
    github: { timings: { lostAfter: 1_500 } },
    config: { notify: { ops: { form: 'slack', url: server.url } } },
  });
  const daemon = await world.start();
  world.push([{ name: 'nightly', steps: ['sleep 60'] }]);
  await world.reaches('running.busy');
  await world.mac.restart('graceful', 100);
  await world.isClean();
  await daemon.drain();
  expect(server.received).toEqual([]);
  const again = await world.start();
  const [served] = world.push([{ steps: ['true'] }]);
  await world.isClean();
  expect(served?.state.conclusion).toBe('success');

  await server.until(2);
  const [first, second] = server.received.map(({ body }) => String(body.text));
  expect(first).toContain(':red_circle: *Job nightly*: It was lost while it ran. VM_VANISHED: ');
  expect(second).toBe(first);
  const metrics = async () => (await fetch(`${world.adminUrl}/metrics`)).text();
  await soon(async () =>
    expect(await metrics()).toContain('jeballto_runner_notifications_total{receiver="ops",result="sent"} 1'),
  );
  expect(await metrics()).toContain('jeballto_runner_notices_pending{receiver="ops"} 0');
  expect(world.log()).not.toMatch(/s3cr3t|v4lue/);
  await again.drain();
});
