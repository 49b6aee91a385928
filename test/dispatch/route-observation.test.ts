import { describe, expect, test } from 'vitest';
import { routeObservation } from '../../src/dispatch/route-observation.ts';
import type { Holder } from '../../src/jobs/holder.ts';
import { jobFrom } from '../../src/jobs/new-job.ts';
import { job, known, seen, THEIRS } from './known-actors.ts';

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
