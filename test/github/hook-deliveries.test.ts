import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { HookRef } from '../../machines/webhooks.ts';
import { systemClock } from '../../src/clock.ts';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import { servedGitHub, TOKEN, webhookReceiver } from '../simulator/github/github-fixture.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { codeOf } from './github-rig.ts';
import { ScriptedGitHub, type ScriptedReply } from './scripted-github.ts';

const HOOK: HookRef = { kind: 'repository', owner: 'octo', repository: 'app', id: 3 };
const PATH = '/repos/octo/app/hooks/3/deliveries';

let server: ScriptedGitHub;
let github: GitHub;

beforeEach(async () => {
  server = await new ScriptedGitHub().listen();
  github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock: systemClock });
});

afterEach(() => server.close());

let delivered = 0;

/** A row of the list as GitHub writes it; each further one is a second older. */
function row(fields: Record<string, unknown> = {}) {
  delivered += 1;
  return {
    id: `ID${1_402_000_000_000_000_000n + BigInt(delivered)}`,
    guid: `guid-${delivered}`,
    delivered_at: new Date(Date.UTC(2026, 5, 1) - delivered * 1000).toISOString(),
    status: 'Invalid HTTP Response: 502',
    status_code: 502,
    event: 'workflow_job',
    action: 'queued',
    ...fields,
  };
}

/** A list whose ids keep all of their digits; `cursor` leads to the next page. */
function list(rows: unknown[], cursor: string | null = null): ScriptedReply {
  const link: Record<string, string> =
    cursor === null ? {} : { link: `<https://api.github.com/x?per_page=100&cursor=${cursor}>; rel="next"` };
  return { raw: JSON.stringify(rows).replace(/"ID(\d+)"/g, '$1'), headers: link };
}

const accepted: ScriptedReply = { status: 202, json: {} };
const asked = () =>
  server.requests.filter(({ method }) => method === 'POST').map(({ path }) => path.slice(PATH.length));
const attemptsOf = (...rows: { id: string }[]) => rows.map(({ id }) => `/${id.slice(2)}/attempts`);

describe('failed deliveries are requested again', () => {
  test('by ids that keep all of their digits', async () => {
    const [newest, oldest] = [row(), row()];
    server.answers(list([newest, oldest]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(2);
    expect(asked()).toEqual(attemptsOf(oldest, newest));
    expect(oldest.id).toMatch(/^ID\d{19}$/);
  });

  test('although some rows of the list cannot be read', async () => {
    const [readable, unreached] = [row(), row({ status: 'failed to connect', status_code: null })];
    server.answers(list([row({ guid: 7 }), readable, null, row({ id: 'x' }), unreached]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(2);
    expect(asked()).toEqual(attemptsOf(unreached, readable));
  });

  test.each([404, 405, 408, 411, 413, 425, 429, 499, 500, 502, 504])(
    'when a proxy between GitHub and us returned %i',
    async (status_code) => {
      server.answers(list([row({ status_code })]), accepted);
      expect(await github.redeliverFailed(HOOK, 0)).toBe(1);
    },
  );

  test.each([
    ['succeeded', { status: 'OK', status_code: 202 }],
    ['we refused for good', { status_code: 401 }],
    ['are of no repository of ours', { status_code: 403 }],
    ['are not for us to read', { status_code: 400 }],
    ['are another event', { event: 'ping' }],
  ])('but not those that %s', async (_name, fields) => {
    server.answers(list([row(fields)]));
    expect(await github.redeliverFailed(HOOK, 0)).toBe(0);
    expect(asked()).toEqual([]);
  });

  test('except one that GitHub refuses to repeat, which does not stop the others', async () => {
    const [newest, oldest] = [row(), row()];
    const refused = { status: 422, json: { message: 'too old' } };
    server.answers(list([newest, oldest]), refused, accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(1);
    expect(asked()).toEqual(attemptsOf(oldest, newest));
    server.answers(list([row()]), refused);
    expect(await codeOf(github.redeliverFailed(HOOK, 0))).toBe('GITHUB_REQUEST_REFUSED');
  });

  test('at most fifty in one look, the rest in the next looks', async () => {
    const rows = Array.from({ length: 60 }, () => row());
    server.answers(list(rows), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(50);
    const later = [row({ guid: rows[0]?.guid, status: 'OK', status_code: 202 })];
    server.answers(list(later), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(9);
    expect(asked()).toEqual(attemptsOf(...rows.slice(1).reverse()));
    server.answers(list([]));
    expect(await github.redeliverFailed(HOOK, 0)).toBe(0);
  });

  test('from more pages than one look reads: the next look continues on the next page', async () => {
    const pages = Array.from({ length: 100 }, (_, n) => list([row({ status: 'OK' })], `page${n + 2}`));
    server.answers(...pages, list([]));
    expect(await github.redeliverFailed(HOOK, 0)).toBe(0);
    expect(server.requests).toHaveLength(100);
    const old = row();
    server.answers(list([]), list([old]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(1);
    expect(server.requests[101]?.path).toBe(`${PATH}?per_page=100&cursor=page101`);
    expect(asked()).toEqual(attemptsOf(old));
  });
});

describe('a look at deliveries that GitHub’s rate limit interrupts', () => {
  const limited: ScriptedReply = {
    status: 429,
    headers: { 'retry-after': '1' },
    json: { message: 'You have exceeded a secondary rate limit.' },
  };

  test('A7: loses nothing: the next look reads what is newer, and continues with the page that was refused', async () => {
    const clock = new ManualClock();
    github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
    const [second, first, known, third] = [row(), row(), row(), row()];
    server.answers(list([first, known], 'page2'), limited);
    expect(await codeOf(github.redeliverFailed(HOOK, 0))).toBe('GITHUB_RATE_LIMITED');
    clock.advance(3_600_000);
    const newest = row({ delivered_at: '2026-06-02T00:00:00Z' });
    server.requests.length = 0;
    server.answers(list([newest, second, first, known], 'later'), list([third]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(5);
    expect(server.requests.filter(({ method }) => method === 'GET').map(({ path }) => path)).toEqual([
      `${PATH}?per_page=100`,
      `${PATH}?per_page=100&cursor=page2`,
    ]);
    expect(asked()).toEqual(attemptsOf(third, known, first, second, newest));
  });

  test('A7: requests no delivery twice', async () => {
    const clock = new ManualClock();
    github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
    const [newest, oldest] = [row(), row()];
    server.answers(list([newest, oldest]), accepted, limited);
    expect(await codeOf(github.redeliverFailed(HOOK, 0))).toBe('GITHUB_RATE_LIMITED');
    clock.advance(3_600_000);
    server.requests.length = 0;
    server.answers(list([]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(1);
    expect(asked()).toEqual(attemptsOf(newest));
  });

  test('A7: requests what it found although a later page failed', async () => {
    const found = row();
    server.answers(list([found], 'page2'), { status: 500, json: { message: 'oops' } }, accepted);
    expect(await codeOf(github.redeliverFailed(HOOK, 0))).toBe('GITHUB_ERROR');
    expect(asked()).toEqual(attemptsOf(found));
  });

  test('A7: is not stopped by a cursor that GitHub does not know any more, or by a delivery of the year 9999', async () => {
    const clock = new ManualClock();
    github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
    const strange = row({ delivered_at: '9999-01-01T00:00:00Z' });
    server.answers(
      list([strange, row()], 'page2'),
      { status: 422, json: { message: 'bad cursor' } },
      accepted,
    );
    expect(await github.redeliverFailed(HOOK, 0)).toBe(2);
    const next = row({ delivered_at: '2026-06-03T00:00:00Z' });
    server.answers(list([next, row()]), accepted);
    expect(await github.redeliverFailed(HOOK, 0)).toBe(2);
  });

  test('A7: does not request a delivery that succeeded on a newer page and failed on a page that is read later', async () => {
    const clock = new ManualClock();
    github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
    const done = row({ status: 'OK', status_code: 202 });
    server.answers(list([done], 'page2'), limited);
    expect(await codeOf(github.redeliverFailed(HOOK, 0))).toBe('GITHUB_RATE_LIMITED');
    clock.advance(3_600_000);
    server.answers(list([]), list([row({ guid: done.guid })]));
    expect(await github.redeliverFailed(HOOK, 0)).toBe(0);
  });
});

test('the simulated GitHub repeats a failed delivery, with an id that is too large for a number', async () => {
  await using simulated = await servedGitHub();
  const repository = ensureRepository(simulated.world, 'octo/app');
  const target = { kind: 'repository', repository } as const;
  const closed = await webhookReceiver();
  await closed[Symbol.asyncDispose]();
  const hook = createHook(simulated.world, { target, url: closed.url, secret: 's' });
  simulated.push([{ name: 'one' }]);
  const list = `/repos/octo/app/hooks/${hook.id}/deliveries`;
  await soon(async () => expect((await simulated.ask('GET', list)).body).toHaveLength(2));
  const [failed] = (await simulated.ask('GET', list)).body;
  expect(failed).toMatchObject({ id: expect.stringMatching(/^\d{19}$/), status_code: null });
  expect(String(BigInt(Number(failed.id)))).not.toBe(failed.id);
  const client = createGitHub({ apiUrl: simulated.url, auth: { token: TOKEN }, clock: systemClock });
  expect(await client.redeliverFailed({ ...HOOK, id: hook.id }, 0)).toBe(1);
  await soon(async () => expect((await simulated.ask('GET', list)).body).toHaveLength(3));
});
