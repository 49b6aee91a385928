import { describe, expect, test } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import { routeObservation } from '../../src/dispatch/route-observation.ts';
import type { Holder } from '../../src/jobs/holder.ts';
import { job, known, STAYS, seen, THEIRS } from './known-actors.ts';

test('a job on the runner of another actor swaps jobs between the two', () => {
  const steps = routeObservation(
    seen(2, { status: 'in_progress', runnerName: 'r1' }),
    known({ a: { job: job(1), runner: 'r1' }, b: { job: job(2, { attempt: 3 }) } }),
  );
  expect(steps).toEqual([
    {
      do: 'tell',
      key: 'a',
      event: { type: 'job.exchanged', job: job(2, { attempt: 3, status: 'in_progress' }), here: true },
    },
    { do: 'tell', key: 'b', event: { type: 'job.exchanged', job: job(1), here: false } },
  ]);
});

test('an unknown job on our runner is taken over, and the job that the runner was made for gets a new actor', () => {
  const steps = routeObservation(
    seen(9, { status: 'in_progress', runnerName: 'r1', repository: 'other' }),
    known({ a: { job: job(1), runner: 'r1' } }),
  );
  expect(steps).toEqual([
    {
      do: 'tell',
      key: 'a',
      event: {
        type: 'job.exchanged',
        job: job(9, { status: 'in_progress', repository: 'other' }),
        here: true,
      },
    },
    { do: 'create', job: job(1) },
  ]);
});

test.each(['in_progress', 'completed'] as const)(
  'a job %s is settled when its runner has an unknown one, so that a late queued event starts nothing',
  (status) => {
    const over = job(1, { status, attempt: 2 });
    const steps = routeObservation(
      seen(9, { status: 'in_progress', runnerName: 'r1' }),
      known({ a: { job: over, runner: 'r1' } }),
    );
    expect(steps.map((step) => step.do)).toEqual(['tell', 'settle']);
    expect(steps[1]).toEqual({ do: 'settle', job: over, hasStory: true });
  },
);

test('a completion on another actor’s runner swaps the jobs first, even when the start was never seen', () => {
  const steps = routeObservation(
    seen(2, { status: 'completed', conclusion: 'success', runnerName: 'r1' }),
    known({ a: { job: job(1), runner: 'r1' }, b: { job: job(2) } }),
  );
  expect(steps[0]).toMatchObject({ key: 'a', event: { here: true, job: { id: 2, status: 'completed' } } });
  expect(steps[1]).toMatchObject({ key: 'b', event: { here: false, job: { id: 1 } } });
});

describe('a VM that boots for a job that is over', () => {
  const booting: Holder = { key: 'a', job: job(1), vmProfile: 'mac', ...STAYS };
  const heir: Holder = { key: 'q', job: job(3, { attemptsFailed: 1 }), vmProfile: null, ...STAYS };
  const among = (actors: Parameters<typeof known>[0]) => ({
    ...known(actors),
    nextJobFor: ({ key }: Holder) => (key === booting.key ? heir : null),
  });
  const told = (key: string, exchanged: Job) => ({
    do: 'tell',
    key,
    event: { type: 'job.exchanged', job: exchanged, here: false },
  });

  test.each([
    ['is cancelled', { status: 'completed', conclusion: 'cancelled' }, 'cancelled'],
    ['was taken by a foreign runner', { status: 'in_progress', runnerName: 'theirs' }, null],
    [
      'ended on a foreign runner',
      { status: 'completed', conclusion: 'success', runnerName: 'theirs' },
      'success',
    ],
  ] as const)('gets the next queued job of its profile when its job %s', (_, facts, conclusion) => {
    const steps = routeObservation(seen(1, facts), among({ a: booting, q: heir }));
    expect(steps).toEqual([
      told('a', heir.job),
      told('q', {
        ...booting.job,
        status: facts.status,
        conclusion,
        takenBy: 'runnerName' in facts ? THEIRS : null,
      }),
    ]);
  });

  test('gets the next queued job too when the job that it gets by exchange is over', () => {
    const steps = routeObservation(
      seen(1, { status: 'in_progress', runnerName: 'r2' }),
      among({ a: booting, q: heir, b: { job: job(2, { status: 'completed' }), runner: 'r2' } }),
    );
    expect(steps).toEqual([
      {
        do: 'tell',
        key: 'b',
        event: { type: 'job.exchanged', job: { ...booting.job, status: 'in_progress' }, here: true },
      },
      told('a', heir.job),
      told('q', job(2, { status: 'completed' })),
    ]);
  });
});

describe('law 12: a VM whose job went on elsewhere', () => {
  const GONE: Job = { ...placeholder({ name: 'VM of job 1', at: 1 }), profile: 'mac' };
  const runs = (jobId: number) => seen(jobId, { status: 'in_progress', runnerName: 'r1' });
  const told = (key: string, exchanged: Job, here: boolean) => ({
    do: 'tell',
    key,
    event: { type: 'job.exchanged', job: exchanged, here },
  });

  test('takes a job that its runner got after all, and gives none away', () => {
    const steps = routeObservation(runs(9), known({ a: { job: GONE, runner: 'r1' } }));
    expect(steps).toEqual([told('a', job(9, { status: 'in_progress' }), true)]);
  });

  test('takes its own job back, and the newer actor gets no job for it', () => {
    const fresh = job(1, { attempt: 1 });
    const steps = routeObservation(runs(1), known({ a: { job: GONE, runner: 'r1' }, b: { job: fresh } }));
    expect(steps).toEqual([told('a', { ...fresh, status: 'in_progress' }, true), told('b', GONE, false)]);
  });

  test('takes its own job back, and the VM that boots for that job gets the next one of its profile', () => {
    const booting: Holder = { key: 'b', job: job(1, { attempt: 1 }), vmProfile: 'mac', ...STAYS };
    const heir: Holder = { key: 'q', job: job(3), vmProfile: null, ...STAYS };
    const actors = known({ a: { job: GONE, runner: 'r1' }, b: booting, q: heir });
    const steps = routeObservation(runs(1), {
      ...actors,
      nextJobFor: ({ key }) => (key === 'b' ? heir : null),
    });
    expect(steps).toEqual([
      told('a', { ...booting.job, status: 'in_progress' }, true),
      told('b', heir.job, false),
      told('q', GONE, false),
    ]);
  });

  test('receives a job that ended on its runner as one that ran there', () => {
    const ended = seen(9, { status: 'completed', conclusion: 'success', runnerName: 'r1' });
    expect(routeObservation(ended, known({ a: { job: GONE, runner: 'r1' } }))).toEqual([
      told('a', job(9, { status: 'completed', conclusion: 'success' }), true),
    ]);
  });
});

describe('a job on the runner of one actor that another actor, whose VM is being removed, holds', () => {
  const between = (left: Job) => {
    const actors = known({ a: { job: left, runner: 'r1' }, b: { job: job(2, { attempt: 3 }) } });
    return {
      ...actors,
      holderOfJob: (id: number) => {
        const holder = actors.holderOfJob(id);
        return holder?.key === 'b' ? { ...holder, isLeaving: true } : holder;
      },
    };
  };
  const runs = seen(2, { status: 'in_progress', runnerName: 'r1' });
  const told = [
    {
      do: 'tell',
      key: 'a',
      event: { type: 'job.exchanged', job: job(2, { attempt: 3, status: 'in_progress' }), here: true },
    },
    { do: 'tell', key: 'b', event: { type: 'job.released' } },
  ];

  test('moves to the runner’s actor, and the job that was there gets a new actor', () => {
    expect(routeObservation(runs, between(job(1)))).toEqual([...told, { do: 'create', job: job(1) }]);
  });

  test.each(['in_progress', 'completed'] as const)(
    'moves to the runner’s actor, and a job there that is %s is settled',
    (status) => {
      expect(routeObservation(runs, between(job(1, { status })))).toEqual([
        ...told,
        { do: 'settle', job: job(1, { status }), hasStory: true },
      ]);
    },
  );

  test('moves to the runner’s actor, and nothing else happens when that had no job', () => {
    expect(routeObservation(runs, between(placeholder({ name: 'VM', at: 1 })))).toEqual(told);
  });
});
