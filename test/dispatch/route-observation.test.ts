import { describe, expect, test } from 'vitest';
import type { Job } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import { routeObservation } from '../../src/dispatch/route-observation.ts';
import type { Holder } from '../../src/jobs/holder.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';

const seen = (jobId: number, facts: Partial<JobObservation> = {}): JobObservation => ({
  source: 'webhook',
  seenAt: 1,
  jobId,
  runId: 1,
  runAttempt: 1,
  owner: 'acme',
  repository: 'app',
  workflow: 'CI',
  name: 'build',
  url: 'https://github.com/acme/app/actions/runs/1/job/1',
  commit: null,
  branch: null,
  labels: ['mac'],
  status: 'queued',
  conclusion: null,
  queuedAt: 1,
  runnerId: null,
  runnerName: null,
  ...facts,
});
const THEIRS = { runner: 'theirs', isOurs: false };

const job = (id: number, facts: Partial<Job> = {}): Job => ({ ...jobFrom(seen(id), 'mac'), ...facts });

const STAYS = { isLeaving: false, mayBeBusy: false };

/** Actors by key, with the job that each holds and the runner that it owns. */
function known(actors: Record<string, { job: Job; runner?: string }>, settled: number[] = []) {
  const holders = Object.entries(actors).map(([key, { job: held, runner }]) => ({
    holder: { key, job: held, vmProfile: runner ? 'mac' : null, ...STAYS } satisfies Holder,
    runner,
  }));
  return {
    holderOfJob: (id: number) => holders.find(({ holder }) => holder.job.id === id)?.holder ?? null,
    holderOfRunner: (name: string) => holders.find(({ runner }) => runner === name)?.holder ?? null,
    nextJobFor: (_: Holder): Holder | null => null,
    isSettled: (id: number) => settled.includes(id),
    isEndUntold: (_: number) => false,
    isOurs: (name: string) => name.startsWith('gh-a-'),
    attemptsOfUnknownEnd: () => null,
    profileFor: (labels: string[]) => (labels.includes('mac') ? 'mac' : null),
  };
}

test('a queued job that is new and matches gets an actor', () => {
  expect(routeObservation(seen(1), known({}))).toEqual([{ do: 'create', job: job(1) }]);
});

test('a queued job that an actor holds already changes nothing', () => {
  expect(routeObservation(seen(1), known({ a: { job: job(1) } }))).toEqual([]);
});

test('a late queued event of a finished job starts nothing', () => {
  expect(routeObservation(seen(1), known({}, [1]))).toEqual([]);
});

test('a job that no profile matches is noted as unmatched and gets no actor', () => {
  expect(routeObservation(seen(1, { labels: ['ubuntu-latest'] }), known({}))).toEqual([
    { do: 'noteUnmatched' },
  ]);
});

test('a job that waits for approval gets no actor', () => {
  expect(routeObservation(seen(1, { status: 'waiting' }), known({}))).toEqual([]);
});

test('a job in progress on its actor’s own runner has started', () => {
  const steps = routeObservation(
    seen(1, { status: 'in_progress', runnerName: 'r1' }),
    known({ a: { job: job(1), runner: 'r1' } }),
  );
  expect(steps).toEqual([{ do: 'tell', key: 'a', event: { type: 'job.started' } }]);
});

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

test('a job in progress on a foreign runner is reported to its actor as taken elsewhere', () => {
  const steps = routeObservation(
    seen(1, { status: 'in_progress', runnerName: 'theirs' }),
    known({ a: { job: job(1) } }),
  );
  expect(steps).toEqual([{ do: 'tell', key: 'a', event: { type: 'job.takenElsewhere', by: THEIRS } }]);
});

test('a job in progress without a runner’s name changes nothing', () => {
  expect(routeObservation(seen(1, { status: 'in_progress' }), known({ a: { job: job(1) } }))).toEqual([]);
});

test('a job that was cancelled before it had a runner is reported as not run here', () => {
  const steps = routeObservation(
    seen(1, { status: 'completed', conclusion: 'cancelled' }),
    known({ a: { job: job(1), runner: 'r1' } }),
  );
  expect(steps).toEqual([
    { do: 'tell', key: 'a', event: { type: 'job.completed', conclusion: 'cancelled', here: false } },
  ]);
});

test('a completion on our runner is reported as run here', () => {
  const steps = routeObservation(
    seen(1, { status: 'completed', conclusion: 'success', runnerName: 'r1' }),
    known({ a: { job: job(1), runner: 'r1' } }),
  );
  expect(steps).toEqual([
    { do: 'tell', key: 'a', event: { type: 'job.completed', conclusion: 'success', here: true } },
  ]);
});

describe('a job without an actor that GitHub no longer has queued', () => {
  const past = [
    ['runs on a foreign runner', { status: 'in_progress', runnerName: 'theirs' }],
    ['ended on a foreign runner', { status: 'completed', conclusion: 'success', runnerName: 'theirs' }],
    ['ended without a runner', { status: 'completed', conclusion: 'cancelled' }],
  ] as const;

  test.each(past)('is settled when it %s, so that a late queued event starts nothing', (_how, facts) => {
    const past = jobFrom(seen(1, facts), 'mac', 'runnerName' in facts ? THEIRS : null);
    expect(routeObservation(seen(1, facts), known({}))).toEqual([
      { do: 'settle', job: past, hasStory: false },
    ]);
    expect(routeObservation(seen(1), known({}, [1]))).toEqual([]);
  });

  test('whose end was not known is settled again, with its attempts, when GitHub says how it ended', () => {
    const ended = seen(1, { status: 'completed', conclusion: 'success', runnerName: 'gh-a-1-1' });
    const settled = { ...known({}, [1]), attemptsOfUnknownEnd: () => 2 };
    const takenBy = { runner: 'gh-a-1-1', isOurs: true };
    const job = { ...jobFrom(ended, 'mac', takenBy), attempt: 2 };
    expect(routeObservation(ended, settled)).toEqual([{ do: 'settle', job, hasStory: true }]);
    expect(routeObservation(seen(1, { status: 'in_progress', runnerName: 'gh-a-1-1' }), settled)).toEqual([]);
  });

  test.each(past)('is settled only once when it %s', (_how, facts) => {
    expect(routeObservation(seen(1, facts), known({}, [1]))).toEqual([]);
  });

  test.each(past)('is ignored when no profile matches it and it %s', (_how, facts) => {
    expect(routeObservation(seen(1, { ...facts, labels: ['ubuntu-latest'] }), known({}))).toEqual([]);
  });

  test('is not settled while it is unknown where it runs', () => {
    expect(routeObservation(seen(1, { status: 'in_progress' }), known({}))).toEqual([]);
  });

  test.each(['in_progress', 'completed'] as const)(
    'is left to the collector when it is %s on a runner of ours whose record was lost',
    (status) => {
      expect(routeObservation(seen(1, { status, runnerName: 'gh-a-1-1' }), known({}))).toEqual([]);
    },
  );
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

describe('a queued job that an actor holds', () => {
  const held = (mayBeBusy: boolean) => ({
    ...known({}),
    holderOfJob: (): Holder => ({ key: 'a', job: job(1), vmProfile: 'mac', isLeaving: false, mayBeBusy }),
  });

  test.each(['poll', 'recheck'] as const)(
    'law 12: is reported by a %s to an actor that may be busy',
    (source) => {
      expect(routeObservation(seen(1, { source }), held(true))).toEqual([
        { do: 'tell', key: 'a', event: { type: 'job.stillQueued' } },
      ]);
    },
  );

  test('law 6: is not reported by a webhook, which may be older than what the guest said', () => {
    expect(routeObservation(seen(1, { source: 'webhook' }), held(true))).toEqual([]);
  });

  test('is not reported to an actor whose VM cannot be busy', () => {
    expect(routeObservation(seen(1, { source: 'poll' }), held(false))).toEqual([]);
  });
});

describe('law 11: a job that an earlier version gave up', () => {
  const untold = { ...known({}, [1]), isEndUntold: (id: number) => id === 1 };

  test.each(['poll', 'recheck'] as const)('is served again when a %s finds it queued', (source) => {
    expect(routeObservation(seen(1, { source }), untold)).toEqual([
      { do: 'unsettle', jobId: 1 },
      { do: 'create', job: job(1) },
    ]);
  });

  test('is not served again for a webhook, which may be older than its end', () => {
    expect(routeObservation(seen(1, { source: 'webhook' }), untold)).toEqual([]);
  });

  test('is not served again when no profile matches it any more', () => {
    expect(routeObservation(seen(1, { source: 'poll', labels: ['other'] }), untold)).toEqual([]);
  });

  test('is the only kind of settled job that is served again', () => {
    expect(routeObservation(seen(1, { source: 'poll' }), known({}, [1]))).toEqual([]);
  });
});
