import pMap from 'p-map';
import { expect, test } from 'vitest';
import { answersWhile, counted, deliver, type Overload, overload } from './overload-rig.ts';

const MB = 1_000_000;
const RUNS = 100;
const JOBS_A_RUN = 100;
const SOME = 150;

/** CPU milliseconds of the daemon for each of a number of deliveries. */
async function costOfDelivery(rig: Overload, firstId: number): Promise<number> {
  const cpu = () => rig.metric('process_cpu_seconds_total');
  const before = await cpu();
  const jobs = Array.from({ length: SOME }, (_, n) => ({ jobId: firstId + n }));
  // A few at a time, so that most are a separate event for the scheduler.
  const statuses = await pMap(jobs, (job) => deliver(rig.world, job), { concurrency: 10 });
  expect(counted(statuses)).toEqual({ 202: SOME });
  return (((await cpu()) - before) * 1_000) / SOME;
}

test('with ten thousand queued jobs on two slots the oldest go first, responses stay small, and no event costs more', {
  timeout: 240_000,
}, async () => {
  await using rig = await overload({
    hook: false,
    config: { controller: { mode: 'poll', poll_interval: '1s', gc_interval: '1h' } },
    github: { rateLimit: null },
  });
  const { world } = rig;
  const first = world.push([{}, {}]);
  await rig.reaches('jeballto_runner_jobs{state="creating"}', 2);
  await costOfDelivery(rig, 8_000_000);
  const atFirst = await costOfDelivery(rig, 8_100_000);
  const before = await rig.memory();
  for (let n = 0; n < RUNS; n += 1) world.push(Array.from({ length: JOBS_A_RUN }, () => ({})));
  const all = RUNS * JOBS_A_RUN;
  const arrived = rig.reaches('jeballto_runner_jobs{state="queued"}', all);
  const took = await answersWhile(`${world.adminUrl}/api/status`, arrived);
  const grown = (await rig.memory()) - before;
  const later = await costOfDelivery(rig, 9_000_000);
  console.info(
    `${all} jobs in the queue: memory +${(grown / MB).toFixed(0)} MB, the slowest answer ${took.at(-1)?.toFixed(0)} ms, ` +
      `a delivery ${atFirst.toFixed(1)} ms of CPU before and ${later.toFixed(1)} ms after`,
  );
  expect(grown).toBeLessThan(600 * MB);
  expect(later).toBeLessThan(Math.max(3 * atFirst, atFirst + 8));

  const { jobs, beyond } = await world.jobs();
  expect(beyond).toBeGreaterThan(all - 1_000);
  expect(
    jobs
      .filter(({ state }) => state !== 'queued')
      .map(({ job }) => job.id)
      .sort(),
  ).toEqual(first.map(({ id }) => id).sort());
  for (const path of ['/api/jobs', '/api/waiting', '/metrics', '/readyz']) {
    const answer = await (await fetch(world.adminUrl + path)).arrayBuffer();
    expect([path, answer.byteLength < MB]).toEqual([path, true]);
  }
  expect(world.vmsCreated()).toBeLessThanOrEqual(2);
});
