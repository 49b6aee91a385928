import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ShiftedClock } from '../effects/shifted-clock.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { codeOf, githubRig, REPO, refusalOf } from './github-rig.ts';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const app = {
  id: 7,
  slug: 'runners',
  publicKey: keys.publicKey,
  permissions: { actions: 'read', administration: 'write' },
  installations: { 42: 'octo' },
} as const;
const auth = { appId: 7, privateKey: keys.privateKey, installationId: 42 };
const TOKENS = 'POST /app/installations/:installation_id/access_tokens';
const JIT = 'POST /repos/:owner/:repo/actions/runners/generate-jitconfig';
const REQUEST = { name: 'gh-a-1-1', labels: ['macos'], groupId: 1 };

/** The adapter and GitHub on the same clock, which the test moves ahead. */
async function timedRig() {
  const clock = new ShiftedClock();
  const rig = await githubRig({ app }, { auth, clock, githubClock: clock });
  return Object.assign(rig, { passTime: (ms: number) => clock.advance(ms) });
}

describe('the token of an installation', () => {
  test('is made once for many calls', async () => {
    await using rig = await githubRig({ app }, { auth });
    await rig.github.listRunners(REPO);
    await rig.github.listActiveRuns('octo', 'app', 'queued');
    expect(rig.world.requests.of(TOKENS).requests).toBe(1);
  });

  test('is renewed before it expires', async () => {
    await using rig = await timedRig();
    await rig.github.listRunners(REPO);
    rig.passTime(59 * 60_000 + 30_000);
    await rig.github.listRunners(REPO);
    expect(rig.world.requests.of(TOKENS).requests).toBe(2);
    expect(rig.wire.filter(({ status }) => status === 401)).toEqual([]);
  });

  test('is renewed when GitHub revoked it, and the call is sent again, since a 401 has no effect', async () => {
    await using rig = await timedRig();
    await rig.github.listRunners(REPO);
    rig.world.issuedTokens.clear();
    // In the first five seconds of a token a 401 leads to a wait and another try, not to a new token.
    rig.passTime(10_000);
    const { runnerId } = await rig.github.createJitConfig(REPO, REQUEST);
    expect(rig.world.runners.has(runnerId)).toBe(true);
    expect(rig.world.requests.of(JIT).byStatus).toEqual({ 401: 1, 201: 1 });
    expect(rig.world.requests.of(TOKENS).requests).toBe(2);
  });

  test('that is always refused is renewed once for each call', async () => {
    await using rig = await timedRig();
    await rig.github.listRunners(REPO);
    rig.passTime(10_000);
    const fault = rig.faults.add({ route: 'GET *', status: 401 });
    const call = refusalOf(rig.github.listActiveRuns('octo', 'app', 'queued'));
    await soon(() => expect(fault.hits).toBe(2));
    rig.passTime(10_000);
    expect((await call).failure.code).toBe('GITHUB_CREDENTIALS_REFUSED');
    expect(rig.world.requests.of(TOKENS).requests).toBe(2);
  });

  test('that GitHub refuses to make blames the settings of the App', async () => {
    await using rig = await githubRig({ app }, { auth: { ...auth, installationId: 43 } });
    const { failure } = await refusalOf(rig.github.listRunners(REPO));
    expect(failure).toMatchObject({ code: 'GITHUB_CREDENTIALS_REFUSED', blame: 'operator' });
    expect(failure.message).toContain('POST /app/installations/43/access_tokens');
  });

  test.each([
    ['a limit', { status: 429, headers: { 'retry-after': '9' } }, 'GITHUB_RATE_LIMITED'],
    ['an outage', { status: 503 }, 'GITHUB_ERROR'],
    ['a cut connection', { drop: 'before' as const }, 'GITHUB_UNREACHABLE'],
  ])(
    'that cannot be made because of %s does not blame the settings of the App',
    async (_name, fault, code) => {
      await using rig = await githubRig({ app }, { auth });
      rig.faults.add({ route: 'POST */access_tokens', ...fault });
      expect(await codeOf(rig.github.listRunners(REPO))).toBe(code);
    },
  );

  test('that GitHub does not know yet is tried again, and no other one is made', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig({ app }, { auth, clock });
    const fault = rig.faults.add({ route: 'GET *', status: 401, times: 2 });
    const call = rig.github.listRunners(REPO);
    for (const hits of [1, 2]) {
      // Not the timer of the request's own deadline, which lasts until the response is there.
      await soon(() => {
        expect(fault.hits).toBe(hits);
        expect(clock.alarms.map((at) => at - clock.now())).toEqual([1_000]);
      });
      clock.advance(1_000);
    }
    expect(await call).toEqual([]);
    expect(rig.world.requests.of(TOKENS).requests).toBe(1);
  });

  test('is requested by GitHub’s clock when ours is far off', async () => {
    const clock = new ManualClock(Date.now() + 20 * 60_000);
    await using rig = await githubRig({ app }, { auth, clock });
    expect(await rig.github.listRunners(REPO)).toEqual([]);
    expect(rig.world.requests.of(TOKENS).byStatus).toEqual({ 401: 1, 201: 1 });
  });

  test('is not waited for by a call that was aborted; other calls get it', async () => {
    await using rig = await githubRig({ app }, { auth });
    rig.faults.add({ route: 'POST */access_tokens', delayMs: 300, times: 1 });
    const controller = new AbortController();
    const impatient = rig.github.listRunners(REPO, { signal: controller.signal });
    const patient = rig.github.listRunners(REPO);
    const reason = new Error('the job is over');
    controller.abort(reason);
    await expect(impatient).rejects.toBe(reason);
    expect(await patient).toEqual([]);
    expect(rig.world.requests.of(TOKENS).byStatus).toEqual({ 201: 1 });
  });

  test('whose callers have all aborted is not requested any longer', async () => {
    await using rig = await githubRig({ app }, { auth });
    const fault = rig.faults.add({ route: 'POST */access_tokens', hang: true, times: 1 });
    const controller = new AbortController();
    const call = rig.github.listRunners(REPO, { signal: controller.signal });
    await soon(() => expect(fault.hits).toBe(1));
    controller.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
    await soon(() => expect(rig.world.requests.of(TOKENS).requests).toBe(1));
    expect(await rig.github.listRunners(REPO)).toEqual([]);
  });

  test('has another budget than the App itself', async () => {
    await using rig = await githubRig({ app }, { auth });
    await rig.github.listRunners(REPO);
    rig.faults.add({ route: '* /app/*', status: 403, headers: { 'retry-after': '60' } });
    const question = { repositories: [], scopes: [] };
    const [login] = (await rig.github.checkAccess(question)).findings;
    expect(login).toMatchObject({ ok: false, message: expect.stringContaining('asks the daemon to wait') });
    expect(await rig.github.listRunners(REPO)).toEqual([]);
    expect(rig.github.pausedUntil('teardown', Date.now())).toBeNull();
    rig.faults.clear();
    rig.faults.add({ route: '* /repos/*', status: 403, headers: { 'retry-after': '60' } });
    expect(await codeOf(rig.github.listRunners(REPO))).toBe('GITHUB_RATE_LIMITED');
    expect(rig.github.pausedUntil('teardown', Date.now())).not.toBeNull();
  });

  test('is not requested while GitHub wants the App to wait', async () => {
    await using rig = await githubRig({ app }, { auth });
    rig.faults.add({ route: 'POST */access_tokens', status: 429, headers: { 'retry-after': '60' } });
    expect(await codeOf(rig.github.listRunners(REPO))).toBe('GITHUB_RATE_LIMITED');
    expect(await codeOf(rig.github.listRunners(REPO))).toBe('GITHUB_RATE_LIMITED');
    expect(rig.world.requests.of(TOKENS).requests).toBe(1);
    expect(rig.github.pausedUntil('teardown', Date.now())).toBeNull();
  });
});

test('an operator’s own token is not renewed', async () => {
  await using rig = await githubRig({ tokens: {} });
  expect(await codeOf(rig.github.listRunners(REPO))).toBe('GITHUB_CREDENTIALS_REFUSED');
  expect(rig.wire).toHaveLength(1);
});
