import { describe, expect, test } from 'vitest';
import { matchProfile, runnerLabelsFor } from '../../src/config/profile.ts';
import { observeJob } from '../../src/github/observe-job.ts';
import { dueRuns, type RunReading } from '../../src/intake/polling/due-runs.ts';
import { observeDelivery } from '../../src/intake/webhooks/delivery.ts';
import { jobPayload } from './webhook-rig.ts';

describe('a job gets the profile', () => {
  const profiles = { 'macos-15': {}, Large: {}, 'macos-15-xcode': {} };
  const ours = ['self-hosted', 'macOS', 'ARM64'];

  test.each([
    ['whose label it names', ['macos-15'], 'macos-15'],
    ['in whatever case', ['MACOS-15', 'Self-Hosted'], 'macos-15'],
    ['in the case of the config', ['large'], 'Large'],
    ['beside labels that every runner of ours has', ['arm64', 'self-hosted', 'macos', 'large'], 'Large'],
    ['that is named in full, not one that it begins like', ['macos-15-xcode'], 'macos-15-xcode'],
    ['of none, when it names two: no runner has both', ['macos-15', 'large'], null],
    ['of none, when it names a label that no runner has', ['macos-15', 'gpu'], null],
    ['of none, when it names no profile', ['self-hosted', 'macOS'], null],
    ['of none, when it names a hosted image', ['macos-latest'], null],
    ['of none, when it names nothing', [], null],
    ['of none, when it names the empty label', [''], null],
  ])('%s', (_name, runsOn, expected) => {
    expect(matchProfile(runsOn, profiles, ours)).toBe(expected);
  });

  test('that is first in the config when it names the labels of two', () => {
    expect(matchProfile(['a', 'b'], { b: {}, a: {} }, ['a', 'b'])).toBe('b');
    expect(matchProfile(['a', 'b'], { a: {}, b: {} }, ['a', 'b'])).toBe('a');
  });

  test('of none, when the config has no profile', () => {
    expect(matchProfile(['macos'], {}, ['macos'])).toBeNull();
    expect(matchProfile(['constructor'], {}, ours)).toBeNull();
  });

  test('and its runner registers with each label once, as GitHub stores them', () => {
    expect(runnerLabelsFor('Large', ['self-hosted', 'LARGE', 'macOS'])).toEqual([
      'large',
      'self-hosted',
      'macos',
    ]);
  });
});

describe('runs whose jobs have to be read', () => {
  const NOW = Date.UTC(2026, 0, 5, 9);
  const OLD = '2026-01-05T08:00:00Z';
  const OTHER = '2026-01-05T08:00:01Z';
  const run = (id: number, updatedAt = OLD) => ({ id, updatedAt });
  const read = (readAt: number, updatedAt = OLD): RunReading => ({ readAt, updatedAt, jobIds: [] });
  const pace = { stale: 1_000, most: 10 };
  const due = (runs: ReturnType<typeof run>[], readings: [number, RunReading][], most = pace.most) =>
    dueRuns(runs, new Map(readings), NOW, { ...pace, most });

  test.each([
    ['none when there is none', [], [], []],
    ['a new one', [run(1)], [], [1]],
    ['not one that was read and did not change', [run(1)], [[1, read(NOW)]], []],
    ['one that changed', [run(1, OTHER)], [[1, read(NOW)]], [1]],
    ['not yet one read just less than the pace ago', [run(1)], [[1, read(NOW - 999)]], []],
    [
      'one that was read within a minute of its change: it may have changed in the same second',
      [run(1, '2026-01-05T08:59:00Z')],
      [[1, read(NOW - 1, '2026-01-05T08:59:00Z')]],
      [1],
    ],
    [
      'not one that was read a minute after its change',
      [run(1, '2026-01-05T08:59:00Z')],
      [[1, read(NOW, '2026-01-05T08:59:00Z')]],
      [],
    ],
    ['one read as long ago as the pace', [run(1)], [[1, read(NOW - 1_000)]], [1]],
  ] as [string, ReturnType<typeof run>[], [number, RunReading][], number[]][])(
    '%s',
    (_name, runs, readings, ids) => {
      expect(due(runs, readings)).toEqual(ids);
    },
  );

  test('come new ones first, then changed ones, then those read longest ago', () => {
    const readings: [number, RunReading][] = [
      [1, read(NOW - 2_000)],
      [2, read(NOW - 9_000)],
      [3, read(NOW - 10, OTHER)],
      [4, read(NOW - 20, OTHER)],
      [6, read(NOW - 10)],
    ];
    const runs = [1, 2, 3, 4, 5, 6, 7].map((id) => run(id));
    expect(due(runs, readings)).toEqual([5, 7, 4, 3, 2, 1]);
    expect(due(runs, readings, 3)).toEqual([5, 7, 4]);
  });

  test('all have their turn, however many there are', () => {
    const runs = Array.from({ length: 95 }, (_, id) => run(id));
    const readings = new Map<number, RunReading>();
    for (let cycle = 0; cycle < 10; cycle += 1) {
      for (const id of dueRuns(runs, readings, NOW, pace)) readings.set(id, read(NOW));
    }
    expect(readings.size).toBe(95);
  });
});

describe('a job from GitHub is observed', () => {
  const sighting = { source: 'poll', seenAt: 5_000, owner: 'octo', repository: 'app' } as const;
  const job = { id: 1, run_id: 2, name: 'build', status: 'queued', head_sha: null, head_branch: null };
  const observed = (facts: object) => observeJob({ ...job, ...facts }, sighting);

  test.each([
    ['queued', 'queued'],
    ['in_progress', 'in_progress'],
    ['completed', 'completed'],
    ['waiting', 'waiting'],
    ['requested', 'waiting'],
    ['pending', 'waiting'],
    ['QUEUED', 'waiting'],
    ['something new', 'waiting'],
  ])('%s as %s', (status, expected) => {
    expect(observed({ status }).status).toBe(expected);
  });

  test.each([
    ['queued', 7, 'mini', null, null],
    ['waiting', 7, 'mini', null, null],
    ['in_progress', 7, 'mini', 7, 'mini'],
    ['completed', 7, 'mini', 7, 'mini'],
    ['completed', 0, '', null, null],
    ['completed', null, null, null, null],
    ['completed', undefined, undefined, null, null],
  ])('%s on runner %s "%s" as on %s "%s"', (status, runner_id, runner_name, runnerId, runnerName) => {
    expect(observed({ status, runner_id, runner_name })).toMatchObject({ runnerId, runnerName });
  });

  test.each([
    ['its creation', { created_at: '1970-01-01T00:00:02Z', started_at: '1970-01-01T00:00:03Z' }, 2_000],
    ['its start, which old payloads have alone', { started_at: '1970-01-01T00:00:03Z' }, 3_000],
    ['now, when neither is there', {}, 5_000],
    ['its creation, though our clock is a day behind', { created_at: '1970-01-03T00:00:00Z' }, 172_800_000],
    ['now, when it is not a date', { created_at: 'yesterday' }, 5_000],
  ])('as queued since %s', (_name, facts, queuedAt) => {
    expect(observed(facts).queuedAt).toBe(queuedAt);
  });

  test('with a conclusion only when it is over', () => {
    expect(observed({ status: 'in_progress', conclusion: 'success' }).conclusion).toBeNull();
    expect(observed({ status: 'completed', conclusion: 'success' }).conclusion).toBe('success');
  });

  test('with the link to its web page, or else to the API', () => {
    expect(observed({ url: 'https://api', html_url: 'https://page' }).url).toBe('https://page');
    expect(observed({ url: 'https://api', html_url: null }).url).toBe('https://api');
    expect(observed({}).url).toBe('');
  });

  test.each([
    ['as GitHub says them', '3f2a1bc9d04e5a6b7c8d9e0f1a2b3c4d5e6f7a8b', 'feature/büild', true],
    ['of a repository with SHA-256', 'a'.repeat(64), 'x'.repeat(255), true],
    ['not when they are something else', 'HEAD', 'x'.repeat(256), false],
    ['not when GitHub does not say', null, null, false],
    ['not when they are missing', undefined, undefined, false],
  ])('with commit and branch, %s', (_how, head_sha, head_branch, isKept) => {
    const { workflow_job, ...payload } = jobPayload({});
    const seen = observeDelivery({ ...payload, workflow_job: { ...workflow_job, head_sha, head_branch } }, 9);
    const expected = isKept ? { commit: head_sha, branch: head_branch } : { commit: null, branch: null };
    expect(seen).toMatchObject({ status: 'queued', ...expected });
  });

  test('in the same way from a webhook, whatever its action', () => {
    const seen = observeDelivery({ ...jobPayload({ status: 'waiting' }), action: 'queued' }, 9);
    expect(seen).toMatchObject({
      source: 'webhook',
      seenAt: 9,
      status: 'waiting',
      owner: 'octo',
      repository: 'app',
    });
    expect(observeDelivery(undefined, 9)).toMatch(/^the payload: /);
  });
});
