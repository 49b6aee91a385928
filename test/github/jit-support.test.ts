import { describe, expect, test } from 'vitest';
import { isJitUnsupported } from '../../src/github/runners/jit-support.ts';
import { addRunnerGroup } from '../../src/simulator/github/repositories.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { codeOf, githubRig, ORG, REPO } from './github-rig.ts';

const REQUEST = { name: 'gh-a-1-1', labels: ['self-hosted', 'macos'], groupId: 1 };
const JIT = 'POST /repos/:owner/:repo/actions/runners/generate-jitconfig';
const ORG_JIT = 'POST /orgs/:org/actions/runners/generate-jitconfig';
/** JIT runners came with 3.10. */
const OLD = { enterpriseVersion: '3.9.4', hasJit: false };

test('exactly these of all cases mean that a server has no JIT runners, and none at github.com', () => {
  const unsupported = [];
  for (const isEnterpriseServer of [true, false])
    for (const status of [301, 400, 401, 403, 404, 405, 409, 422, 429, 500, 501, 502, 503])
      for (const canListRunners of [true, false])
        for (const groupExists of [true, false])
          if (isJitUnsupported({ isEnterpriseServer, status, canListRunners, groupExists }))
            unsupported.push([isEnterpriseServer, status, canListRunners, groupExists]);
  expect(unsupported).toEqual([
    [true, 404, true, true],
    [true, 405, true, true],
    [true, 405, true, false],
    [true, 405, false, true],
    [true, 405, false, false],
    [true, 501, true, true],
    [true, 501, true, false],
    [true, 501, false, true],
    [true, 501, false, false],
  ]);
});

describe('a refused generate-jitconfig', () => {
  test.each([
    ['a repository', REPO],
    ['an organization whose group exists', ORG],
  ])('means that an old Enterprise Server has no JIT runners, for %s', async (_name, scope) => {
    await using rig = await githubRig(OLD);
    expect(rig.github.jitSupported()).toBe(true);
    expect(await codeOf(rig.github.createJitConfig(scope, REQUEST))).toBe('JIT_UNSUPPORTED');
    expect(rig.github.jitSupported()).toBe(false);
    const { token } = await rig.github.createRegistrationToken(scope);
    expect(rig.world.registrationTokens.has(token)).toBe(true);
  });

  test('is forgotten after a day, since servers are upgraded', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig(OLD, { clock });
    await codeOf(rig.github.createJitConfig(REPO, REQUEST));
    clock.advance(24 * 3_600_000 - 1);
    expect(rig.github.jitSupported()).toBe(false);
    clock.advance(1);
    expect(rig.github.jitSupported()).toBe(true);
  });

  test('is asked again each time when the version says that JIT runners exist', async () => {
    await using rig = await githubRig({ enterpriseVersion: '3.14.0', hasJit: false });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe('JIT_UNSUPPORTED');
    expect(rig.github.jitSupported()).toBe(true);
  });

  test('means an unknown group when the organization does not list its id', async () => {
    await using rig = await githubRig(OLD);
    const asked = { ...REQUEST, groupId: 999 };
    expect(await codeOf(rig.github.createJitConfig(ORG, asked))).toBe('GITHUB_NOT_FOUND');
    expect(rig.github.jitSupported()).toBe(true);
  });

  test('means missing access when the runners cannot be listed either', async () => {
    const tokens = { poor: { scopes: ['read:user'] } };
    await using rig = await githubRig({ ...OLD, tokens }, { auth: { token: 'poor' } });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe('GITHUB_NOT_FOUND');
    expect(rig.github.jitSupported()).toBe(true);
  });

  test('means nothing for JIT runners while the runners cannot be listed because of an error', async () => {
    await using rig = await githubRig(OLD);
    rig.faults.add({ route: 'GET /repos/octo/app/actions/runners', status: 502 });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe('GITHUB_ERROR');
    expect(rig.github.jitSupported()).toBe(true);
  });

  test('is a plain 404 at github.com, where nothing more is asked', async () => {
    await using rig = await githubRig({ hasJit: false }, { isDotCom: true });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe('GITHUB_NOT_FOUND');
    expect(rig.github.jitSupported()).toBe(true);
    expect(rig.wire).toHaveLength(1);
  });

  test.each([403, 422])('means nothing for JIT runners when it is a %i', async (status) => {
    await using rig = await githubRig(OLD);
    rig.faults.add({ route: 'POST *', status });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).not.toBe('JIT_UNSUPPORTED');
    expect(rig.wire).toHaveLength(1);
  });
});

describe('generate-jitconfig', () => {
  test('registers a runner with our labels and the id of its group', async () => {
    await using rig = await githubRig();
    const group = addRunnerGroup(rig.world, 'octo', 'Macs');
    const groupId = await rig.github.resolveGroupId(ORG, 'macs');
    expect(groupId).toBe(group.id);
    const made = await rig.github.createJitConfig(ORG, { ...REQUEST, groupId });
    expect(rig.world.runners.get(made.runnerId)).toMatchObject({ name: REQUEST.name, groupId });
    expect(Buffer.from(made.encodedJitConfig, 'base64').toString()).toContain('.credentials_rsaparams');
    expect(rig.wire.at(-1)?.body).toEqual({
      name: 'gh-a-1-1',
      labels: ['self-hosted', 'macos'],
      runner_group_id: group.id,
      work_folder: '_work',
    });
  });

  test('fails with RUNNER_NAME_TAKEN for a name in use, and is not sent again', async () => {
    await using rig = await githubRig();
    await rig.github.createJitConfig(REPO, REQUEST);
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe('RUNNER_NAME_TAKEN');
    expect(rig.world.requests.of(JIT).byStatus).toEqual({ 201: 1, 409: 1 });
  });

  test.each([
    ['401', { status: 401 }, 'GITHUB_CREDENTIALS_REFUSED'],
    ['403', { status: 403 }, 'GITHUB_PERMISSION_MISSING'],
    ['409', { status: 409 }, 'RUNNER_NAME_TAKEN'],
    ['422', { status: 422 }, 'GITHUB_REQUEST_REFUSED'],
    ['500', { status: 500 }, 'GITHUB_ERROR'],
    ['502', { status: 502 }, 'GITHUB_ERROR'],
    ['503', { status: 503 }, 'GITHUB_ERROR'],
    ['a cut connection', { drop: 'before' }, 'GITHUB_UNREACHABLE'],
    ['a lost answer', { drop: 'after' }, 'GITHUB_UNREACHABLE'],
    ['silence', { hang: true }, 'GITHUB_UNREACHABLE'],
  ] as const)('is made exactly once whatever answers: %s', async (_name, fault, code) => {
    await using rig = await githubRig({}, { timeoutMs: 'hang' in fault ? 300 : 10_000 });
    const planned = rig.faults.add({ route: 'POST *', ...fault });
    expect(await codeOf(rig.github.createJitConfig(REPO, REQUEST))).toBe(code);
    expect(planned.hits).toBe(1);
  });

  test('whose response was lost leaves a runner, which is found by its name', async () => {
    await using rig = await githubRig();
    rig.faults.add({ route: 'POST *', drop: 'after', times: 1 });
    await codeOf(rig.github.createJitConfig(REPO, REQUEST));
    const found = await rig.github.findRunner(REPO, 'GH-A-1-1'.toLowerCase());
    expect(found).toMatchObject({ name: 'gh-a-1-1', status: 'offline', busy: false });
  });

  test('with an unknown group makes the adapter look the group up again', async () => {
    await using rig = await githubRig();
    const group = addRunnerGroup(rig.world, 'octo', 'Macs');
    const groupId = await rig.github.resolveGroupId(ORG, 'Macs');
    rig.world.accounts.get('octo')?.groups.pop();
    const remade = addRunnerGroup(rig.world, 'octo', 'Macs');
    expect(await rig.github.resolveGroupId(ORG, 'Macs')).toBe(group.id);
    expect(await codeOf(rig.github.createJitConfig(ORG, { ...REQUEST, groupId }))).toBe('GITHUB_NOT_FOUND');
    expect(await rig.github.resolveGroupId(ORG, 'Macs')).toBe(remade.id);
    expect(rig.world.requests.of(ORG_JIT).requests).toBe(1);
  });
});
