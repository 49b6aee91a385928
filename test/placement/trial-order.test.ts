import { describe, expect, test } from 'vitest';
import { failure } from '../../machines/failure.ts';
import { runnerScopeOf } from '../../machines/job/context.ts';
import { pairName } from '../../src/placement/breakers/breaker-events.ts';
import { assignWarmVms, type WarmVm } from '../../src/placement/plan-warm.ts';
import { JOB, RUNNER, VM } from '../machines/job-samples.ts';
import { snapshotAt } from '../machines/job-step.ts';
import { gated, PROFILE } from './gates-rig.ts';

const warmVm: WarmVm = { key: 'w', profile: PROFILE, host: 'm1', isReady: true, enteredAt: 0, isOpen: true };

describe('the trial of a GitHub that assigns nothing', () => {
  const elsewhere = { ...JOB, id: 102, repository: 'site', queuedAt: JOB.queuedAt + 1 };

  /** Runners of this many jobs of one repository come online and get no job. */
  const unused = (at: ReturnType<typeof gated>, count: number, repository = JOB.repository) => {
    for (let id = 1; id <= count; id += 1) {
      const job = { ...JOB, id, repository };
      const runner = { ...RUNNER, scope: runnerScopeOf('repository', job) };
      at.breakers.jobChanged(`u${id}`, snapshotAt('running.idle.watching', { job, runner }));
      const why = { failure: failure('RUNNER_UNUSED', 'GitHub gave it none.') };
      at.breakers.jobChanged(
        `u${id}`,
        snapshotAt('running.retiring.askingGuest.acting', { job, runner, ...why }),
      );
      at.breakers.jobChanged(`u${id}`, snapshotAt('done'));
    }
  };

  test('law 14: goes to a repository whose runners got their jobs, although another one has the older job', async () => {
    const at = gated([JOB, elsewhere]);
    at.state.bases = ['m1'];
    unused(at, 4);
    expect(await at.granted('m1')).toEqual([]);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
    expect(assignWarmVms(at.waiting, [warmVm], at.clock.now(), at.gates)).toEqual([
      { job: '102', warm: 'w' },
    ]);
  });

  test('goes to the repository with the fewest of them, and to its oldest job', async () => {
    const at = gated([JOB, elsewhere, { ...elsewhere, id: 103, queuedAt: JOB.queuedAt + 2 }]);
    at.state.bases = ['m1'];
    unused(at, 4);
    unused(at, 2, elsewhere.repository);
    at.fail('github', 'github', 3);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
  });

  test('goes to a job whose VMs were not in vain so far', async () => {
    const tried = { ...JOB, vmsInVain: 2 };
    const at = gated([tried, { ...JOB, id: 102, queuedAt: JOB.queuedAt + 1 }]);
    at.state.bases = ['m1'];
    unused(at, 4);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['102 on m1']);
  });

  test('law 14: does not go to one job again and again whose VMs fail before GitHub could give it anything', async () => {
    const at = gated([JOB, { ...elsewhere, vmsInVain: 5 }]);
    at.state.bases = ['m1'];
    unused(at, 4);
    await at.clock.pass(30_000);
    expect(await at.granted('m1')).toEqual(['101 on m1']);
  });

  test('is over when GitHub gave a runner its job: the oldest job is first again', async () => {
    const at = gated([JOB, elsewhere]);
    at.state.bases = ['m1'];
    unused(at, 3);
    expect(await at.granted('m1')).toEqual(['101 on m1', '102 on m1']);
  });
});

test.each([
  ['profile', PROFILE],
  ['pair', pairName('m1', PROFILE)],
  ['host', 'm1'],
] as const)(
  'the trial of a %s goes to the job with the fewest VMs in vain, and jobs of others keep their order',
  async (about, name) => {
    const jobs = [3, 1, 2].map((vmsInVain, n) => ({
      ...JOB,
      id: 101 + n,
      vmsInVain,
      queuedAt: JOB.queuedAt + n,
    }));
    const at = gated([
      ...jobs,
      { ...JOB, id: 104, profile: 'other', vmsInVain: 9, queuedAt: JOB.queuedAt + 4 },
    ]);
    const order = () => at.gates.inOrder(at.waiting).map(({ key }) => key);
    expect(order()).toEqual(['101', '102', '103', '104']);
    at.fail(about, name, 3);
    expect(order()).toEqual(['101', '102', '103', '104']);
    await at.clock.pass(30_000);
    expect(order()).toEqual(['102', '103', '101', '104']);
  },
);

describe('what works is not starved by what fails', () => {
  const other = { ...JOB, id: 102, profile: 'other', queuedAt: JOB.queuedAt + 1 };
  /** The VM of a job comes up on a host, or fails there. */
  const ended = (at: ReturnType<typeof gated>, job: typeof JOB, host: string, works = false) => {
    const key = `${job.profile} on ${host}`;
    const vm = { ...VM, host, profile: job.profile };
    at.breakers.jobChanged(key, snapshotAt('creating.acting', { job, vm, runner: null }));
    if (works) at.breakers.jobChanged(key, snapshotAt('running.idle.watching', { job, vm }));
    else {
      const why = { failure: failure('UNEXPECTED', 'no') };
      at.breakers.jobChanged(
        key,
        snapshotAt('tearingDown vm.acting runner.gone job.gone', { job, vm, runner: null, ...why }),
      );
    }
    at.breakers.jobChanged(key, snapshotAt('done'));
  };

  test('law 14: each trial of a host goes to the profile whose last result there is the oldest', async () => {
    const at = gated([JOB, other]);
    at.state.images = { [PROFILE]: '', other: '' };
    at.state.bases = ['m1'];
    ended(at, JOB, 'm1');
    ended(at, other, 'm1');
    for (const granted of ['101 on m1', '102 on m1', '101 on m1']) {
      expect(await at.granted('m1')).toEqual([]);
      await at.clock.pass(3_600_000);
      expect(await at.granted('m1')).toEqual([granted]);
      ended(at, granted.startsWith('101') ? JOB : other, 'm1');
    }
  });

  test('law 14: each trial of a profile goes to the host whose last result with it is the oldest', async () => {
    const at = gated([JOB]);
    at.state.bases = ['m1', 'm2'];
    ended(at, JOB, 'm1');
    ended(at, JOB, 'm2');
    for (const host of ['m1', 'm2', 'm1']) {
      expect(await at.granted('m1', 'm2')).toEqual([]);
      await at.clock.pass(3_600_000);
      expect(await at.granted('m1', 'm2')).toEqual([`101 on ${host}`]);
      ended(at, JOB, host);
    }
    await at.clock.pass(3_600_000);
    ended(at, JOB, 'm2', true);
    expect(await at.granted('m1', 'm2')).toEqual(['101 on m1']);
  });
});
