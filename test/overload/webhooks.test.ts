import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { answersWhile, counted, deliver, overload, WEBHOOKS_ALONE } from './overload-rig.ts';

const MB = 1_000_000;
const JOBS = 1_600;
const COPIES = 200;

test('of two thousand deliveries at once each makes one job, a kill loses no acknowledged one, and other requests are served', {
  timeout: 240_000,
}, async () => {
  await using rig = await overload({ hook: false, config: { controller: WEBHOOKS_ALONE } });
  const { world } = rig;
  const ids = Array.from({ length: JOBS }, (_, n) => ({ jobId: 1_000_000 + n, deliveryId: randomUUID() }));
  const deliveries = [
    ...ids,
    ...ids.slice(0, COPIES),
    ...ids.slice(0, COPIES).map(({ jobId }) => ({ jobId })),
  ];
  const before = await rig.memory();
  const began = performance.now();
  const statuses = Promise.all(deliveries.map((one) => deliver(world, one)));
  const took = await answersWhile(`${world.adminUrl}/api/status`, statuses);
  const whole = performance.now() - began;
  expect(counted(await statuses)).toEqual({ 202: deliveries.length });
  const grown = (await rig.memory()) - before;
  const slowest = took.at(-1) ?? 0;
  console.info(
    `${deliveries.length} deliveries: ${whole.toFixed(0)} ms, memory +${(grown / MB).toFixed(0)} MB, ` +
      `admin API ${took.length} answers, the slowest ${slowest.toFixed(0)} ms`,
  );
  expect(grown).toBeLessThan(400 * MB);
  // No other request waits for the whole flood.
  expect(slowest).toBeLessThan(whole / 2);

  await rig.restart();
  const status = (await (await fetch(`${world.adminUrl}/api/status`)).json()) as {
    jobs: number;
    store: { deliveries: number };
  };
  expect([status.jobs, status.store.deliveries]).toEqual([JOBS, JOBS + COPIES]);

  const forged = { jobId: 1, signature: `sha256=${'0'.repeat(64)}`, body: '{"this is not JSON' };
  const genuine = Array.from({ length: 100 }, (_, n) => ({ jobId: 2_000_000 + n }));
  const mixed = [
    ...Array.from({ length: 400 }, () => forged),
    ...genuine,
    ...Array.from({ length: 400 }, () => forged),
  ];
  const linesBefore = rig.daemon.stdout().split('\n').length;
  const answers = await Promise.all(mixed.map((one) => deliver(world, one)));
  // Not 400: a body is not parsed before its signature is checked.
  expect(counted(answers)).toEqual({ 202: genuine.length, 401: 800 });
  const lines = rig.daemon
    .stdout()
    .split('\n')
    .slice(linesBefore - 1);
  expect(lines.filter((line) => /refused|signature/.test(line)).length).toBeLessThanOrEqual(3);
  expect(lines.join()).not.toContain('this is not JSON');
  expect(lines.length).toBeLessThan(3 * genuine.length);
  const { jobs } = (await (await fetch(`${world.adminUrl}/api/status`)).json()) as { jobs: number };
  expect(jobs).toBe(JOBS + genuine.length);
});
