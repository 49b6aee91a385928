import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { githubRig, REPO, refusalOf } from './github-rig.ts';
import { ScriptedGitHub, type ScriptedReply } from './scripted-github.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Our clock is wrong by ten minutes: instants that GitHub names are its own. */
const OURS = Date.UTC(2026, 5, 1, 12, 10);
const THEIRS = Date.UTC(2026, 5, 1, 12, 0);
const DATE = { date: new Date(THEIRS).toUTCString() };

/** A date on GitHub's clock, that many milliseconds after its response. */
const at = (ms: number) => new Date(THEIRS + ms).toUTCString();

const budget = (remaining: number, resource = 'core') => ({
  ...DATE,
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': String(remaining),
  'x-ratelimit-reset': String(THEIRS / 1000 + 600),
  'x-ratelimit-resource': resource,
});
const fine: ScriptedReply = { json: { workflow_runs: [] } };
const wait = (status: number, headers: Record<string, string>, message = 'no'): ScriptedReply => ({
  status,
  headers,
  json: { message },
});

let clock: ManualClock;
let server: ScriptedGitHub;
let github: GitHub;

beforeEach(async () => {
  clock = new ManualClock(OURS);
  server = await new ScriptedGitHub().listen();
  github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
});

afterEach(() => server.close());

const look = () => github.listActiveRuns('octo', 'app', 'queued');

describe('a response that asks to wait', () => {
  test.each([
    ['a 429 with retry-after', wait(429, { 'retry-after': '30' }), 30_000],
    ['a 403 with retry-after', wait(403, { 'retry-after': '120' }), 2 * MINUTE],
    ['a retry-after beyond an hour', wait(429, { 'retry-after': '1e12' }), HOUR],
    ['a retry-after beyond all dates', wait(403, { 'retry-after': '1e18' }), HOUR],
    ['a retry-after of zero', wait(429, { 'retry-after': '0' }), 1_000],
    ['a retry-after without an end', wait(429, { 'retry-after': 'Infinity' }), HOUR],
    ['a retry-after that is a date', wait(429, { ...DATE, 'retry-after': at(2 * MINUTE) }), 2 * MINUTE],
    ['a date beyond an hour', wait(403, { ...DATE, 'retry-after': at(30 * HOUR) }), HOUR],
    ['a date that is past', wait(429, { ...DATE, 'retry-after': at(-HOUR) }), 1_000],
    ['a retry-after that nobody can read', wait(429, { 'retry-after': 'soon' }), MINUTE],
    [
      'an empty budget beyond an hour',
      wait(403, { ...budget(0), 'x-ratelimit-reset': '1e12' }),
      HOUR + 1_000,
    ],
    ['retry-after before an empty budget', wait(403, { ...budget(0), 'retry-after': '5' }), 5_000],
    ['an empty budget, until the reset as GitHub’s own clock has it', wait(403, budget(0)), 601_000],
    ['a 429 that names nothing', wait(429, {}), MINUTE],
    ['the words of a secondary limit', wait(403, DATE, 'You have exceeded a secondary rate limit'), MINUTE],
    ['the words of old', wait(403, {}, 'You have triggered an abuse detection mechanism'), MINUTE],
  ])('stops every call until its end: %s', async (_name, reply, pause) => {
    server.answers(reply, { status: 204 });
    const { failure } = await refusalOf(look());
    expect(failure).toMatchObject({
      code: 'GITHUB_RATE_LIMITED',
      disposition: 'blocked',
      retryAt: OURS + pause,
    });
    expect(github.pausedUntil('looking for work', OURS)).toBeGreaterThanOrEqual(OURS + pause);
    clock.advance(pause - 1);
    const withheld = await refusalOf(github.removeRunner(REPO, 1));
    expect(withheld.failure).toMatchObject({ code: 'GITHUB_RATE_LIMITED', retryAt: OURS + pause });
    expect(server.requests).toHaveLength(1);
    clock.advance(1);
    expect(await github.removeRunner(REPO, 1)).toBe('removed');
  });

  test('without a length doubles the pause each time in a row, up to 16 minutes', async () => {
    server.answers(wait(429, {}));
    const pauses = [];
    for (let n = 0; n < 6; n += 1) {
      const { failure } = await refusalOf(look());
      pauses.push(((failure.retryAt ?? 0) - clock.now()) / MINUTE);
      clock.advance((failure.retryAt ?? 0) - clock.now());
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 16]);
  });

  test.each([
    ['a success', fine],
    ['a 304', { status: 304 }],
    ['a refusal of another kind', { status: 422, json: { message: 'no' } }],
  ])('starts with a pause of one minute again after %s', async (_name, between) => {
    server.answers({ ...fine, headers: { etag: '"1"' } }, wait(429, {}), between, wait(429, {}));
    await look();
    await refusalOf(look());
    clock.advance(MINUTE);
    await look().catch(() => undefined);
    const { failure } = await refusalOf(look());
    expect(failure.retryAt).toBe(clock.now() + MINUTE);
  });

  test('counts once for calls that were under way together', async () => {
    server.answers(wait(429, {}));
    const failures = await Promise.all([refusalOf(look()), refusalOf(look()), refusalOf(look())]);
    expect(failures.map(({ failure }) => failure.retryAt)).toEqual(Array(3).fill(OURS + MINUTE));
    expect(server.requests).toHaveLength(3);
  });

  test('is not cancelled by the response to a call that was sent before it', async () => {
    server.answers(wait(429, {}), fine, wait(429, {}));
    const failures = await Promise.allSettled([look(), look(), look()]);
    const retryAts = failures.flatMap((one) =>
      one.status === 'rejected' ? [one.reason.failure.retryAt] : [],
    );
    expect(retryAts).toEqual([OURS + MINUTE, OURS + MINUTE]);
  });

  test('about another budget than the common one stops only that call', async () => {
    server.answers(wait(403, budget(0, 'actions_runner_registration')), fine);
    const { failure } = await refusalOf(github.createRegistrationToken(REPO));
    expect(failure).toMatchObject({ code: 'GITHUB_RATE_LIMITED', retryAt: OURS + 601_000 });
    await look();
    expect(github.pausedUntil('looking for work', OURS)).toBeNull();
  });

  test('is not a 5xx, whose retry-after is only passed on in the failure', async () => {
    server.answers({ status: 503, headers: { 'retry-after': '7' }, json: { message: 'down' } }, fine);
    const { failure } = await refusalOf(look());
    expect(failure).toMatchObject({ code: 'GITHUB_ERROR', disposition: 'retry', retryAt: OURS + 7_000 });
    await look();
  });
});

describe('the last tenth of the hourly budget', () => {
  test.each([
    [500, null],
    [499, OURS + 601_000],
    [0, OURS + 601_000],
  ])('is teardown’s: with %i of 5000 left, looking for work pauses until %s', async (left, until) => {
    server.answers({ ...fine, headers: budget(left) });
    await look();
    expect(github.pausedUntil('looking for work', OURS)).toBe(until);
    expect(github.rateLimits()).toEqual([
      { resource: 'core', limit: 5_000, remaining: left, resetAt: OURS + 601_000 },
    ]);
    server.answers({ status: 204, headers: budget(left) });
    expect(await github.removeRunner(REPO, 1)).toBe('removed');
    clock.advance(601_000);
    expect(github.pausedUntil('looking for work', clock.now())).toBeNull();
  });

  test('is divided by purpose, and is full again after the reset', async () => {
    server.answers({ ...fine, headers: budget(300) });
    await look();
    const until = OURS + 601_000;
    expect(github.budgets(OURS)).toEqual([
      { purpose: 'teardown', left: 300, pausedUntil: null },
      { purpose: 'serving jobs', left: 51, pausedUntil: null },
      { purpose: 'rechecks', left: 0, pausedUntil: until },
      { purpose: 'looking for work', left: 0, pausedUntil: until },
    ]);
    expect(github.budgets(until).map(({ left, pausedUntil }) => [left, pausedUntil])).toEqual([
      [5_000, null],
      [4_751, null],
      [4_626, null],
      [4_501, null],
    ]);
  });

  test('is refused to less urgent calls before anything is sent', async () => {
    server.answers({ ...fine, headers: budget(200) });
    await look();
    const refused = [
      refusalOf(look()),
      refusalOf(github.getJob('octo', 'app', 1, { purpose: 'rechecks' })),
      refusalOf(github.createRegistrationToken(REPO)),
    ];
    for (const { failure } of await Promise.all(refused))
      expect(failure).toMatchObject({
        code: 'GITHUB_RATE_LIMITED',
        retryAt: OURS + 601_000,
        message: expect.stringContaining('is kept for requests that are more urgent than'),
      });
    expect(server.requests).toHaveLength(1);
    server.answers({ status: 204, headers: budget(199) });
    expect(await github.removeRunner(REPO, 1)).toBe('removed');
  });

  test('is not used by calls that are under way at the same time', async () => {
    server.answers({ ...fine, headers: budget(501) });
    await look();
    server.answers(...[500, 499, 498, 497, 496].map((left) => ({ ...fine, headers: budget(left) })));
    const answered = await Promise.allSettled(Array.from({ length: 5 }, look));
    expect(answered.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(server.requests).toHaveLength(3);
  });

  test('is the lower one of two responses in the wrong order', async () => {
    server.answers({ ...fine, headers: budget(499) }, { ...fine, headers: budget(503) });
    await look();
    await github.listRunners(REPO).catch(() => undefined);
    expect(github.rateLimits()[0]?.remaining).toBe(499);
  });

  test('does not matter while GitHub asks to wait: then every purpose pauses', async () => {
    server.answers(wait(429, { ...budget(4_000), 'retry-after': '30' }));
    await refusalOf(look());
    expect(github.budgets(OURS).map((one) => one.pausedUntil)).toEqual(Array(4).fill(OURS + 30_000));
    expect(github.budgets(OURS + 30_000).map((one) => one.pausedUntil)).toEqual(Array(4).fill(null));
  });

  test('is read from a 304 and from a refusal too', async () => {
    server.answers(
      { ...fine, headers: { etag: '"1"', ...budget(4_000) } },
      { status: 304, headers: budget(499) },
      { status: 404, headers: budget(498), json: { message: 'Not Found' } },
    );
    await look();
    await look();
    expect(github.pausedUntil('looking for work', OURS)).toBe(OURS + 601_000);
    await refusalOf(github.removeRunner(REPO, 1));
    expect(github.rateLimits()[0]?.remaining).toBe(498);
  });

  test('does not exist on a server without limits', async () => {
    server.answers(fine);
    await look();
    expect(github.rateLimits()).toEqual([]);
    expect(github.budgets(OURS).map(({ left, pausedUntil }) => [left, pausedUntil])).toEqual(
      Array(4).fill([null, null]),
    );
    expect(github.pausedUntil('looking for work', OURS)).toBeNull();
  });

  test('is kept on a simulated GitHub whose budget another client uses up', async () => {
    await using rig = await githubRig({ rateLimit: 100 });
    rig.world.limits.setRemaining('user octocat', 10);
    await rig.github.listActiveRuns('octo', 'app', 'queued');
    const until = rig.github.pausedUntil('looking for work', Date.now()) ?? 0;
    expect(until - Date.now()).toBeGreaterThan(59 * MINUTE);
    expect(until - Date.now()).toBeLessThanOrEqual(HOUR + 2_000);
    rig.world.limits.setRemaining('user octocat', 0);
    const { failure } = await refusalOf(rig.github.listRunners(REPO));
    expect(failure.code).toBe('GITHUB_RATE_LIMITED');
    expect(Math.abs((failure.retryAt ?? 0) - until)).toBeLessThanOrEqual(2_000);
  });
});
