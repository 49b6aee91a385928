import { describe, expect, test } from 'vitest';
import { addRunnerGroup } from '../../src/simulator/github/repositories.ts';

import { passOnRunnerId } from '../../src/simulator/github/runners/pass-on-runner-id.ts';
import { connect, runnerNamed, take } from '../simulator/github/github-fixture.ts';
import { ManualClock } from '../support/manual-clock.ts';

import { codeOf, githubRig, ORG, REPO, refusalOf } from './github-rig.ts';

const LIST = 'GET /repos/:owner/:repo/actions/runners';
const GROUPS = 'GET /orgs/:org/actions/runner-groups';

type Rig = Awaited<ReturnType<typeof githubRig>>;

const register = (rig: Rig, name: string, scope: typeof REPO | typeof ORG = REPO) =>
  rig.github.createJitConfig(scope, { name, labels: ['self-hosted', 'macOS'], groupId: 1 });

describe('runners', () => {
  test('are listed from all pages', async () => {
    await using rig = await githubRig();
    for (let n = 1; n <= 101; n += 1) await register(rig, `gh-a-${n}-1`);
    const listed = await rig.github.listRunners(REPO);
    expect(new Set(listed.map(({ name }) => name)).size).toBe(101);
    expect(rig.world.requests.of(LIST).requests).toBe(2);
  });

  test('are found by their name in any case, also on a server that does not know the filter', async () => {
    await using rig = await githubRig();
    await register(rig, 'gh-a-1-1');
    await register(rig, 'gh-a-1-11');
    expect(await rig.github.findRunner(REPO, 'gh-a-1-1')).toMatchObject({
      name: 'gh-a-1-1',
      status: 'offline',
      labels: expect.arrayContaining(['self-hosted', 'macos']),
      ephemeral: true,
    });
    expect(rig.wire.at(-1)?.query.get('name')).toBe('gh-a-1-1');
    expect(await rig.github.findRunner(REPO, 'gh-a-1')).toBeNull();

    const listed = [...rig.world.runners.values()].map(({ id, name }) => ({
      id,
      name: name.toUpperCase(),
      os: 'macOS',
      status: 'online',
      busy: true,
      labels: [],
    }));
    rig.faults.add({
      route: 'GET */actions/runners',
      status: 200,
      body: { total_count: 2, runners: listed },
    });
    expect(await rig.github.findRunner(REPO, 'gh-a-1-11')).toMatchObject({
      name: 'GH-A-1-11',
      status: 'online',
      busy: true,
      ephemeral: null,
    });
  });

  test('of an organization are not listed for its repositories', async () => {
    await using rig = await githubRig();
    await register(rig, 'gh-a-1-1', ORG);
    expect(await rig.github.listRunners(ORG)).toHaveLength(1);
    expect(await rig.github.listRunners(REPO)).toEqual([]);
  });

  test('are removed once, and are absent after that', async () => {
    await using rig = await githubRig();
    const { runnerId } = await register(rig, 'gh-a-1-1');
    const find = () => rig.github.findRunner(REPO, 'gh-a-1-1', { id: runnerId });
    expect(await find()).toMatchObject({ id: runnerId, name: 'gh-a-1-1' });
    expect(await rig.github.removeRunner(REPO, runnerId)).toBe('removed');
    expect(await rig.github.removeRunner(REPO, runnerId)).toBe('absent');
    expect(await find()).toBeNull();
  });

  test('are found by their id before a late list has them, and are gone although a late list still has them', async () => {
    await using rig = await githubRig({ timings: { listLag: 60_000 } });
    const { runnerId } = await register(rig, 'gh-a-1-1');
    const find = () => rig.github.findRunner(REPO, 'gh-a-1-1', { id: runnerId });
    expect(await rig.github.findRunner(REPO, 'gh-a-1-1')).toBeNull();
    expect(await find()).toMatchObject({ id: runnerId });
    await rig.github.removeRunner(REPO, runnerId);
    expect(await find()).toBeNull();
  });

  test('are never taken for another runner that got their id: the name decides', async () => {
    await using rig = await githubRig();
    const { runnerId } = await register(rig, 'gh-a-1-1');
    passOnRunnerId(rig.world, runnerNamed(rig.world, 'gh-a-1-1'), 'build-server');
    const find = () => rig.github.findRunner(REPO, 'gh-a-1-1', { id: runnerId });
    expect(await find()).toBeNull();
    const again = await register(rig, 'gh-a-1-1');
    expect(await find()).toMatchObject({ id: again.runnerId, name: 'gh-a-1-1' });
  });

  test('are not removed by an id of a late list that is the id of another runner now, or of none', async () => {
    await using rig = await githubRig();
    const { runnerId } = await register(rig, 'gh-a-1-1');
    const [late] = await rig.github.listRunners(REPO);
    const toRemove = () => rig.github.findRunnerToRemove(REPO, 'gh-a-1-1', {});
    expect(await toRemove()).toMatchObject({ id: runnerId, name: 'gh-a-1-1' });
    passOnRunnerId(rig.world, runnerNamed(rig.world, 'gh-a-1-1'), 'build-server');
    rig.faults.add({
      route: 'GET */actions/runners',
      status: 200,
      body: { total_count: 1, runners: [{ ...late, os: 'unknown', labels: [] }] },
    });
    expect(await rig.github.findRunner(REPO, 'gh-a-1-1')).toMatchObject({ id: runnerId });
    expect(await toRemove()).toBeNull();
    await rig.github.removeRunner(REPO, runnerId);
    expect(await toRemove()).toBeNull();
  });

  test('are not removed while they have a job', async () => {
    await using rig = await githubRig();
    const { runnerId } = await register(rig, 'gh-a-1-1');
    const session = connect(rig.world, runnerNamed(rig.world, 'gh-a-1-1'));
    rig.push();
    await take(rig.world, session);
    expect(await rig.github.removeRunner(REPO, runnerId)).toBe('busy');
    expect(await rig.github.findRunner(REPO, 'gh-a-1-1', { id: runnerId })).toMatchObject({
      status: 'online',
      busy: true,
    });
  });

  test('are not taken to be gone when the scope cannot be read either', async () => {
    const poor = { tokens: { poor: { permissions: { actions: 'read' } } } } as const;
    await using rig = await githubRig(poor, { auth: { token: 'poor' } });
    rig.faults.add({ route: 'GET */actions/runners/:id', status: 404 });
    rig.faults.add({ route: 'DELETE */actions/runners/:id', status: 404 });
    expect(await codeOf(rig.github.findRunner(REPO, 'gh-a-1-1', { id: 7 }))).toBe(
      'GITHUB_PERMISSION_MISSING',
    );
    expect(await codeOf(rig.github.removeRunner(REPO, 7))).toBe('GITHUB_PERMISSION_MISSING');
  });

  test('are gone when their repository is gone and its owner exists', async () => {
    await using rig = await githubRig();
    const gone = { kind: 'repository', owner: 'octo', repository: 'gone' } as const;
    expect(await rig.github.findRunner(gone, 'gh-a-1-1', { id: 7 })).toBeNull();
    expect(await rig.github.findRunner(gone, 'gh-a-1-1')).toBeNull();
    expect(await rig.github.removeRunner(gone, 7)).toBe('absent');
    const nobodys = { ...gone, owner: 'nobody' };
    expect(await codeOf(rig.github.removeRunner(nobodys, 7))).toBe('GITHUB_NOT_FOUND');
  });
});

describe('runner groups', () => {
  test('are found by name in any case, on all pages, and remembered for ten minutes', async () => {
    const clock = new ManualClock(Date.now());
    await using rig = await githubRig({}, { clock });
    for (let n = 0; n < 100; n += 1) addRunnerGroup(rig.world, 'octo', `Group ${n}`);
    const macs = addRunnerGroup(rig.world, 'octo', 'Macs');
    expect(await rig.github.resolveGroupId(ORG, 'MACS')).toBe(macs.id);
    expect(await rig.github.resolveGroupId(ORG, 'macs')).toBe(macs.id);
    expect(rig.world.requests.of(GROUPS).requests).toBe(2);
    clock.advance(10 * 60_000);
    await rig.github.resolveGroupId(ORG, 'macs');
    expect(rig.world.requests.of(GROUPS)).toMatchObject({ requests: 4, notModified: 2 });
  });

  test('that do not exist are a failure that names those that do, and are looked for again', async () => {
    await using rig = await githubRig();
    const refused = await refusalOf(rig.github.resolveGroupId(ORG, 'Macs'));
    expect(refused.failure).toMatchObject({ code: 'RUNNER_GROUP_UNKNOWN', blame: 'operator' });
    expect(refused.message).toContain('Default');
    const made = addRunnerGroup(rig.world, 'octo', 'Macs');
    expect(await rig.github.resolveGroupId(ORG, 'Macs')).toBe(made.id);
  });

  test('of a repository are the default one, without a request', async () => {
    await using rig = await githubRig();
    expect(await rig.github.resolveGroupId(REPO, 'whatever')).toBe(1);
    expect(rig.wire).toEqual([]);
  });
});
