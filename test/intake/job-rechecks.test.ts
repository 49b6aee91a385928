import { describe, expect, test } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import { JobRechecks } from '../../src/intake/job-rechecks.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { cancelRun, currentJobs, rerun } from '../../src/simulator/github/jobs/runs.ts';
import { observation } from '../store/records.ts';
import { pollingRig } from './polling-rig.ts';

const never = new AbortController().signal;
const JOB = 'GET /repos/:owner/:repo/actions/jobs/:job_id';

const held = (id: number, repository = 'app'): Job => jobFrom({ ...observation(id), repository }, 'macos');

const rechecksOf = ({ github, clock, onObservation }: ReturnType<typeof pollingRig>) =>
  new JobRechecks({ github, clock, onObservation });

describe('active jobs', () => {
  test('are read by their id, those of an earlier attempt too', async () => {
    using rig = pollingRig();
    const run = rig.push();
    const first = currentJobs(run)[0]?.id ?? 0;
    cancelRun(rig.world, run);
    rerun(rig.world, run, { failedOnly: false });
    const second = currentJobs(run)[0]?.id ?? 0;
    await rechecksOf(rig).run([held(first), held(second)], never);
    expect(rig.took()).toEqual([`${first} completed`, `${second} queued`].sort());
  });

  test('that GitHub does not have any more are over, with an unknown conclusion', async () => {
    using rig = pollingRig();
    const job = held(12345);
    await rechecksOf(rig).run([job], never);
    const { id: jobId, runId, runAttempt, owner, repository, workflow, name, url, labels, queuedAt } = job;
    const { commit, branch } = job;
    expect(rig.seen).toEqual([
      {
        ...{ jobId, runId, runAttempt, owner, repository, workflow, name, url, labels, queuedAt },
        ...{ commit, branch },
        source: 'recheck',
        seenAt: rig.clock.now(),
        status: 'completed',
        conclusion: null,
        runnerId: null,
        runnerName: null,
      },
    ]);
  });

  test('are not over when their repository cannot be read', async () => {
    using rig = pollingRig();
    await expect(rechecksOf(rig).run([held(1, 'gone')], never)).rejects.toMatchObject({
      failure: { code: 'REPOSITORY_GONE' },
    });
    expect(rig.seen).toEqual([]);
  });

  test('of other repositories are still read when one repository cannot be read', async () => {
    using rig = pollingRig();
    const job = currentJobs(rig.push())[0]?.id ?? 0;
    const lost = Array.from({ length: 20 }, (_, n) => held(n + 1, 'gone'));
    const rechecks = rechecksOf(rig);
    for (let cycle = 0; cycle < 2; cycle += 1) {
      await expect(rechecks.run([...lost, held(job)], never)).rejects.toThrow('octo/gone');
      expect(rig.took()).toEqual([`${job} queued`]);
    }
  });

  test('that are too many for one cycle are read in the next one, also those of a failing repository', async () => {
    using rig = pollingRig();
    const [alive] = currentJobs(rig.push());
    const lost = Array.from({ length: 230 }, (_, n) => held(n + 1, 'gone'));
    const jobs = [...lost, held(alive?.id ?? 0)];
    const rechecks = rechecksOf(rig);
    let cycles = 0;
    for (; rig.seen.length === 0 && cycles < 100; cycles += 1) {
      await rig.clock.advance(1_000);
      await rechecks.run(jobs, never).catch(() => undefined);
    }
    expect(rig.took()).toEqual([`${alive?.id} queued`]);
    // Five requests at once reach a repository before its first refusal stops the rest.
    expect(cycles).toBeLessThanOrEqual(Math.ceil((jobs.length - 200) / 5) + 1);
  });

  test('are read at most 200 in one cycle, those read longest ago first', async () => {
    using rig = pollingRig();
    const run = rig.push(Array.from({ length: 250 }, () => ({})));
    const ids = currentJobs(run).map(({ id }) => id);
    const rechecks = rechecksOf(rig);
    const jobs = ids.map((id) => held(id));
    await rechecks.run(jobs, never);
    expect(rig.seen.splice(0).map(({ jobId }) => jobId)).toEqual(ids.slice(0, 200));
    await rig.clock.advance(1_000);
    await rechecks.run(jobs, never);
    expect(rig.seen.slice(0, 50).map(({ jobId }) => jobId)).toEqual(ids.slice(200));
  });

  test('are not read any more once the signal aborts', async () => {
    using rig = pollingRig();
    const controller = new AbortController();
    controller.abort(new Error('stopped'));
    const jobs = [held(1), held(2, 'other')];
    await expect(rechecksOf(rig).run(jobs, controller.signal)).rejects.toThrow('stopped');
    expect(rig.world.requests.of(JOB).requests).toBe(0);
  });
});
