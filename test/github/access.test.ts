import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { githubRig, ORG, REPO, type RigOptions } from './github-rig.ts';

const keys = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
});
const QUESTION = { scopes: [REPO], repositories: [{ owner: 'octo', repository: 'app' }] };
const LOGIN = 'log in at GitHub';
const RUNS = 'read the runs of octo/app';
const RUNNERS = 'read the runners of octo/app';
const REGISTER = 'register runners of octo/app';

type Settings = Parameters<typeof githubRig>[0];

/** The findings by their name; fails when the check changed anything at GitHub. */
async function findingsOf(settings: Settings, options: RigOptions, question = QUESTION) {
  await using rig = await githubRig(settings, options);
  const { findings } = await rig.github.checkAccess(question);
  expect(rig.wire.filter(({ method, path }) => method !== 'GET' && !path.endsWith('/access_tokens'))).toEqual(
    [],
  );
  return new Map(findings.map(({ what, ok, message }) => [what, { ok, message }]));
}

const verdicts = (findings: Awaited<ReturnType<typeof findingsOf>>) =>
  [LOGIN, RUNS, RUNNERS, REGISTER].map((what) => findings.get(what)?.ok);

describe('access with a token', () => {
  const token = (name: string): RigOptions => ({ auth: { token: name } });
  const tokens = {
    full: { scopes: ['repo'] },
    poor: { scopes: ['read:user'] },
    fine: { permissions: { actions: 'read', administration: 'write' } },
    blind: { permissions: { administration: 'write' } },
    elsewhere: { scopes: ['repo'], repositories: ['octo/other'] },
  } as const;

  test('that has every right passes every check', async () => {
    const findings = await findingsOf({ tokens }, token('full'));
    expect(verdicts(findings)).toEqual([true, true, true, true]);
    expect(findings.get(LOGIN)?.message).toContain('octocat');
  });

  test('that is unknown is one finding, and nothing more is asked with it', async () => {
    const findings = await findingsOf({ tokens }, token('wrong'));
    expect(verdicts(findings)).toEqual([false, undefined, undefined, undefined]);
    expect(findings.get(LOGIN)?.message).toContain('github.token');
  });

  test('without the scope has a finding that names the scope, although the repository cannot be read', async () => {
    const findings = await findingsOf({ tokens }, token('poor'));
    expect(verdicts(findings)).toEqual([true, false, false, false]);
    expect(findings.get(REGISTER)?.message).toBe('Give the token the scope repo; it has: read:user.');
  });

  test('that is fine-grained leaves it open whether it may register runners', async () => {
    const findings = await findingsOf({ tokens }, token('fine'));
    expect(verdicts(findings)).toEqual([true, true, true, null]);
    expect(findings.get(REGISTER)?.message).toContain('Administration: write');
  });

  test('is reported for the other repositories when one hangs', async () => {
    const timeoutMs = 2_000;
    await using rig = await githubRig({}, { timeoutMs });
    ensureRepository(rig.world, 'octo/deaf');
    rig.faults.add({ route: 'GET /repos/octo/deaf/*', hang: true });
    const places = ['deaf', 'app'].map((repository) => ({ owner: 'octo', repository }));
    const scopes = places.map((place) => ({ kind: 'repository' as const, ...place }));
    const began = performance.now();
    const { findings } = await rig.github.checkAccess({ repositories: places, scopes });
    // Both calls that hang are given up at the same time.
    expect(performance.now() - began).toBeLessThan(2 * timeoutMs);
    const found = new Map(findings.map(({ what, ok }) => [what, ok]));
    expect(found.get('read the runs of octo/deaf')).toBe(false);
    expect(found.get('read the runners of octo/deaf')).toBe(false);
    expect([found.get(RUNS), found.get(RUNNERS)]).toEqual([true, true]);
    expect(findings.some(({ ends }) => ends)).toBe(false);
  });

  test('that may not read runs has a finding that names the missing permission', async () => {
    const findings = await findingsOf({ tokens }, token('blind'));
    expect(verdicts(findings)).toEqual([true, false, true, null]);
    expect(findings.get(RUNS)?.message).toContain('actions=read');
  });

  test('of another repository sees neither runs nor runners', async () => {
    expect(verdicts(await findingsOf({ tokens }, token('elsewhere')))).toEqual([true, false, false, true]);
  });

  test('needs the organization’s scope when runners belong to an organization', async () => {
    const findings = await findingsOf({ tokens }, token('full'), { ...QUESTION, scopes: [ORG] as never });
    expect(findings.get('read the runners of octo')?.ok).toBe(false);
    expect(findings.get('register runners of octo')).toEqual({
      ok: false,
      message: 'Give the token the scope admin:org; it has: repo.',
    });
  });
});

describe('access as an App', () => {
  const auth = { appId: 7, privateKey: keys.privateKey, installationId: 42 };
  const app = {
    id: 7,
    slug: 'runners',
    publicKey: keys.publicKey,
    permissions: { actions: 'read', administration: 'write' },
    installations: { 42: 'octo' },
  } as const;

  test('that is installed with its permissions passes every check', async () => {
    const findings = await findingsOf({ app }, { auth });
    expect(verdicts(findings)).toEqual([true, true, true, true]);
    expect(findings.get(LOGIN)?.message).toBe('The App runners, installed for octo.');
  });

  test('that may only read runners has a finding that names the missing permission', async () => {
    const permissions = { actions: 'read', administration: 'read' } as const;
    const findings = await findingsOf({ app: { ...app, permissions } }, { auth });
    expect(verdicts(findings)).toEqual([true, true, true, false]);
    expect(findings.get(REGISTER)?.message).toContain('administration: write');
  });

  test('to the runners of an organization needs the organization’s permission', async () => {
    const question = { ...QUESTION, scopes: [ORG] as never };
    const findings = await findingsOf({ app }, { auth }, question);
    expect(findings.get('register runners of octo')).toMatchObject({
      ok: false,
      message: expect.stringContaining('organization_self_hosted_runners: write'),
    });
  });

  test('with a wrong key, id or installation has a finding that names the config', async () => {
    const other = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    });
    for (const wrong of [{ privateKey: other.privateKey }, { installationId: 43 }]) {
      const findings = await findingsOf({ app }, { auth: { ...auth, ...wrong } });
      expect([...findings.values()].filter(({ ok }) => ok !== false)).toEqual([]);
      expect(findings.size).toBeLessThan(3);
      expect([...findings.values()].at(-1)?.message).toMatch(/github\.(app_id|installation_id)/);
    }
  });

  test('with a key that is not a key has a finding that says so and does not quote it', async () => {
    const findings = await findingsOf({ app }, { auth: { ...auth, privateKey: 'MIIsecretkey' } });
    expect(findings.get(LOGIN)).toMatchObject({ ok: false, message: expect.stringContaining('PEM') });
    expect(JSON.stringify([...findings])).not.toContain('MIIsecretkey');
  });
});

describe('the clock of this machine', () => {
  test.each([
    ['agrees', 0, true, /agrees/],
    ['is ahead', 120_000, false, /(1 min 5\d s|2 min(?: \d s)?) ahead of/],
    ['is behind', -300_000, false, /(4 min 5\d s|5 min(?: \d s)?) behind/],
  ])('%s, and its finding says so', async (_name, off, ok, words) => {
    const clock = new ManualClock(Math.floor(Date.now() / 1000) * 1000 + 500 + off);
    await using rig = await githubRig({}, { clock });
    const { findings, clockSkewMs } = await rig.github.checkAccess(QUESTION);
    expect(Math.abs((clockSkewMs ?? Number.NaN) - off)).toBeLessThanOrEqual(5_000);
    const finding = findings.find(({ what }) => what.includes('clock'));
    expect(finding?.ok).toBe(ok);
    expect(finding?.message).toMatch(words);
  });

  test('has no finding when GitHub does not respond', async () => {
    await using rig = await githubRig();
    rig.faults.add({ route: '*', drop: 'before' });
    const report = await rig.github.checkAccess(QUESTION);
    expect(report.clockSkewMs).toBeNull();
    expect(report.findings.map(({ ok }) => ok)).toEqual([false]);
  });

  test('the check rejects with the reason of its signal', async () => {
    await using rig = await githubRig();
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(rig.github.checkAccess(QUESTION, { signal })).rejects.toBe(reason);
  });
});
