import { afterEach, beforeEach, expect, test } from 'vitest';
import { createGitHub, type GitHub } from '../../src/github/github.ts';
import { RunActors } from '../../src/github/run-actors.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { githubRig } from './github-rig.ts';
import { ScriptedGitHub } from './scripted-github.ts';

const RUN = { owner: 'octo', repository: 'app', runId: 11 };
const ADA = { json: { triggering_actor: { login: 'ada' }, actor: { login: 'bob' } } };
const LOW = {
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': '400',
  'x-ratelimit-resource': 'core',
};

let clock: ManualClock;
let server: ScriptedGitHub;
let github: GitHub;
let actors: RunActors;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  server = await new ScriptedGitHub().listen();
  github = createGitHub({ apiUrl: server.url, auth: { token: 'ghp_x' }, clock });
  actors = new RunActors(github, clock);
});
afterEach(() => server.close());

test('GitHub is asked once for each run, however many ask at once and later', async () => {
  server.answers(ADA);
  expect(await Promise.all([actors.of(RUN), actors.of(RUN)])).toEqual(['ada', 'ada']);
  await clock.pass(3_600_000);
  expect(await actors.of(RUN)).toBe('ada');
  expect(server.requests.map(({ path }) => path)).toEqual(['/repos/octo/app/actions/runs/11']);
  await actors.of({ ...RUN, runId: 12 });
  expect(server.requests.length).toBe(2);
});

test('a run whose actor GitHub does not name has none, and is not asked for again', async () => {
  server.answers({ json: { triggering_actor: null } });
  expect(await actors.of(RUN)).toBeNull();
  expect(await actors.of(RUN)).toBeNull();
  expect(server.requests.length).toBe(1);
});

test('after a failure the actor is missing, and GitHub is asked again after a minute', async () => {
  server.answers({ status: 500, json: {} }, ADA);
  expect(await actors.of(RUN)).toBeNull();
  expect(await actors.of(RUN)).toBeNull();
  expect(server.requests.length).toBe(1);
  await clock.pass(60_001);
  expect(await actors.of(RUN)).toBe('ada');
});

test('while the rate limit is low nobody is asked for the sake of a name', async () => {
  const reset = { 'x-ratelimit-reset': String(clock.now() / 1_000 + 600) };
  server.answers({ json: { id: 1, full_name: 'octo/app' }, headers: { ...LOW, ...reset } }, ADA);
  await github.getRepository('octo', 'app');
  expect(await actors.of(RUN)).toBeNull();
  expect(server.requests.length).toBe(1);
});

test('the actor of a simulated run is the one who started it', async () => {
  await using rig = await githubRig();
  const run = rig.push();
  expect(await new RunActors(rig.github, clock).of({ ...RUN, runId: run.id })).toBe('octocat');
});
