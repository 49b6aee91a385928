import { describe, expect, test, vi } from 'vitest';
import { registrationKey } from '../../src/effects/pending-creates.ts';
import { obtainRunnerConfig } from '../../src/effects/runner/obtain-runner-config.ts';
import { deregisterRunner, removeRunner } from '../../src/effects/runner/remove-runner.ts';
import { deleteVm } from '../../src/effects/vm/delete-vm.ts';
import { cancelRun } from '../../src/simulator/github/jobs/runs.ts';
import { passOnRunnerId } from '../../src/simulator/github/runners/pass-on-runner-id.ts';
import { runnerNamed } from '../simulator/github/github-fixture.ts';
import { deferred } from '../support/deferred.ts';
import {
  type EffectFixtureOptions,
  effectFixture,
  failing,
  LABEL,
  OWNER,
  REPOSITORY,
  STAYS,
  STORED,
} from './effect-fixture.ts';

const JIT = 'POST /repos/:owner/:repo/actions/runners/generate-jitconfig';
const TOKENS = 'POST /repos/:owner/:repo/actions/runners/registration-token';

async function withJob(options: EffectFixtureOptions = {}) {
  const given = await effectFixture(options);
  const job = given.queueJob();
  const place = { owner: OWNER, repository: REPOSITORY };
  const scope =
    options.runner?.scope === 'organization'
      ? ({ kind: 'organization', owner: OWNER } as const)
      : ({ kind: 'repository', ...place } as const);
  const input = { ...place, scope, jobId: job.jobId, profile: LABEL, runnerName: job.name };
  const { requests } = given.github.world;
  return {
    ...given,
    ...job,
    input,
    obtain: (world = given.world, change: Partial<typeof input> = {}) =>
      obtainRunnerConfig.run(world, { ...input, ...change }, STAYS, STORED),
    remove: (runnerName = job.name, world = given.world, runnerId: number | null = null) =>
      removeRunner.run(world, { scope, runnerName, runnerId }, STAYS),
    /** The key under which a registration is kept. */
    key: registrationKey(scope, job.name),
    jitRequests: () => requests.of(JIT).byStatus,
    tokenRequests: () => requests.of(TOKENS).requests,
  };
}

describe('a JIT configuration', () => {
  test('is made once, with the labels of the profile, and kept only in memory', async () => {
    const at = await withJob();
    const got = await at.obtain();
    const runner = runnerNamed(at.github.world, at.name);
    expect(got).toEqual({ runnerId: runner.id, mode: 'jit' });
    expect(runner.labels.map(({ name }) => name).sort()).toEqual(
      at.world.profile(LABEL).runnerLabels.toSorted(),
    );
    expect(at.jitRequests()).toEqual({ 201: 1 });
    expect(at.world.secrets.of(at.name)).toMatchObject({ mode: 'jit', jitConfig: expect.any(String) });
  });

  test('of an organization is made in the runner group that the config names', async () => {
    const at = await withJob({ runner: { scope: 'organization', group: 'Default' } });
    await at.obtain();
    expect(runnerNamed(at.github.world, at.name).scope.kind).toBe('organization');
    const lost = await withJob({ runner: { scope: 'organization', group: 'macs' } });
    await expect(lost.obtain()).rejects.toMatchObject(
      failing('RUNNER_GROUP_UNKNOWN', { blame: 'operator', disposition: 'giveUp' }),
    );
    expect(lost.runnerNames()).toEqual([]);
  });

  test('whose result was lost cannot be used: its runner is removed and another name is asked for', async () => {
    const at = await withJob();
    await at.obtain();
    for (const world of [at.world, at.newWorld()]) {
      await expect(at.obtain(world)).rejects.toMatchObject(failing('RUNNER_NAME_TAKEN'));
      expect(at.runnerNames()).toEqual([]);
      expect(world.secrets.of(at.name)).toBeNull();
      await at.obtain();
    }
    await expect(at.obtain()).rejects.toMatchObject(failing('RUNNER_NAME_TAKEN'));
    await at.obtain(at.world, { runnerName: 'gh-t-7-2' });
    expect(at.runnerNames()).toEqual(['gh-t-7-2']);
  });

  test('is not made twice when its response was lost, before the effect or after it', async () => {
    const before = await withJob();
    before.github.faults.add({ route: 'POST *generate-jitconfig', drop: 'before', times: 1 });
    await expect(before.obtain()).rejects.toMatchObject(
      failing('GITHUB_UNREACHABLE', { disposition: 'retry' }),
    );
    await before.obtain();
    expect(before.runnerNames()).toEqual([before.name]);

    const after = await withJob();
    after.github.faults.add({ route: 'POST *generate-jitconfig', drop: 'after', times: 1 });
    await expect(after.obtain()).rejects.toMatchObject(failing('GITHUB_UNREACHABLE'));
    expect(after.runnerNames()).toEqual([after.name]);
    await expect(after.obtain()).rejects.toMatchObject(failing('RUNNER_NAME_TAKEN'));
    expect(after.runnerNames()).toEqual([]);
  });

  test('that is still being made when its state was left is waited for by the teardown, which removes its runner', async () => {
    const at = await withJob();
    const slow = at.github.faults.add({ route: 'POST *generate-jitconfig', delayMs: 150, times: 1 });
    const state = new AbortController();
    const abandoned = obtainRunnerConfig.run(at.world, at.input, state.signal, STORED);
    await vi.waitFor(() => expect(slow.hits).toBe(1));
    state.abort(new Error('the state was left'));
    await expect(abandoned).rejects.toThrow('the state was left');
    expect(at.runnerNames()).toEqual([]);
    await at.remove();
    expect(at.jitRequests()).toEqual({ 201: 1 });
    expect(at.runnerNames()).toEqual([]);
    expect(at.world.secrets.of(at.name)).toBeNull();
  });

  test('is requested once when the effect runs again during the request', async () => {
    const at = await withJob();
    at.github.faults.add({ route: 'POST *generate-jitconfig', delayMs: 150, times: 1 });
    const [first, second] = await Promise.all([at.obtain(), at.obtain()]);
    expect(second).toEqual(first);
    expect(at.jitRequests()).toEqual({ 201: 1 });
  });

  test('is made under the next name when GitHub calls the leftover runner busy', async () => {
    const at = await withJob();
    await at.obtain();
    at.github.faults.add({ route: 'DELETE *', status: 422, times: 1 });
    await expect(at.obtain()).rejects.toMatchObject(failing('RUNNER_NAME_TAKEN'));
    expect(at.runnerNames()).toEqual([at.name]);
  });
});

describe('before a registration GitHub is asked for the job', () => {
  test('and a cancelled job gets no runner, but its end is observed', async () => {
    const at = await withJob();
    cancelRun(at.github.world, at.run);
    await expect(at.obtain()).rejects.toMatchObject(
      failing('JOB_NO_LONGER_QUEUED', { blame: 'job', disposition: 'giveUp' }),
    );
    expect(at.observed).toMatchObject([
      { jobId: at.jobId, source: 'recheck', status: 'completed', conclusion: 'cancelled', runnerName: null },
    ]);
    expect([at.jitRequests(), at.runnerNames()]).toEqual([{}, []]);
  });

  test('and a job that GitHub does not know any more gets no runner', async () => {
    const at = await withJob();
    await expect(at.obtain(at.world, { jobId: 404_404 })).rejects.toMatchObject(
      failing('JOB_NO_LONGER_QUEUED'),
    );
    expect(at.jitRequests()).toEqual({});
  });

  test('and nothing is registered while GitHub cannot say', async () => {
    const at = await withJob();
    at.github.faults.add({ route: 'GET *', status: 502, times: 1 });
    await expect(at.obtain()).rejects.toMatchObject(failing('GITHUB_ERROR', { disposition: 'retry' }));
    expect(at.jitRequests()).toEqual({});
  });

  test('and nothing is registered when the state is left during the question', async () => {
    const at = await withJob();
    const state = new AbortController();
    const answered = deferred<number>();
    const world = {
      ...at.world,
      github: { ...at.world.github, resolveGroupId: () => answered.promise },
    };
    const obtaining = obtainRunnerConfig.run(world, at.input, state.signal, STORED);
    state.abort(new Error('the state was left'));
    answered.resolve(1);
    await expect(obtaining).rejects.toThrow('the state was left');
    expect(world.creates.outcome(at.key)).toBe('none');
  });
});

describe('a registration token', () => {
  const OLD = { enterpriseVersion: '3.9.4', hasJit: false };

  test('replaces a JIT configuration when the server does not support those, which is asked once', async () => {
    const at = await withJob({ github: OLD });
    expect(await at.obtain()).toEqual({ runnerId: null, mode: 'token' });
    expect(at.world.secrets.of(at.name)).toMatchObject({ mode: 'token', token: expect.any(String) });
    expect(at.runnerNames()).toEqual([]);
    await at.obtain();
    expect([at.jitRequests(), at.tokenRequests()]).toEqual([{ 404: 1 }, 2]);
  });

  test('replaces it for one time only when the server should support those: it is asked again', async () => {
    const at = await withJob({ github: { enterpriseVersion: '3.14.1' } });
    at.github.faults.add({ route: 'POST *generate-jitconfig', status: 404, times: 1 });
    expect(await at.obtain()).toMatchObject({ mode: 'token' });
    expect(await at.obtain()).toMatchObject({ mode: 'jit' });
  });
});

describe('removeRunner', () => {
  test('removes by name when no id is known, forgets the secret, and succeeds when the runner is gone', async () => {
    const at = await withJob();
    await at.obtain();
    expect(await at.remove()).toBeNull();
    expect([at.runnerNames(), at.world.secrets.of(at.name)]).toEqual([[], null]);
    expect(await at.remove()).toBeNull();
  });

  test('is refused while the runner is busy, and tried again', async () => {
    const at = await withJob();
    await at.obtain();
    at.github.faults.add({ route: 'DELETE *', status: 422, times: 1 });
    await expect(at.remove()).rejects.toMatchObject(failing('RUNNER_BUSY', { disposition: 'retry' }));
    await at.remove();
    expect(at.runnerNames()).toEqual([]);
  });

  test('looks for a registration that may still appear until it cannot any more', async () => {
    const at = await withJob();
    const successor = at.newWorld();
    successor.creates.assumeUnknown(at.key, at.clock.now() + 10_000);
    const gone = () => at.remove(at.name, successor);
    await expect(gone()).rejects.toMatchObject(failing('RUNNER_MAY_APPEAR', { disposition: 'retry' }));
    await at.obtain();
    expect(await gone()).toBeNull();
    expect(at.runnerNames()).toEqual([]);
    successor.creates.assumeUnknown(at.key, at.clock.now() + 10_000);
    at.clock.advance(10_000);
    expect(await gone()).toBeNull();
  });

  test('goes on looking for it when the VM of the same name is gone already', async () => {
    const at = await withJob();
    at.github.faults.add({ route: JIT, drop: 'before', times: 1 });
    await expect(at.obtain()).rejects.toMatchObject(failing('GITHUB_UNREACHABLE'));
    await deleteVm.run(at.world, { host: at.host, vmName: at.name, vmId: null }, STAYS);
    await expect(at.remove()).rejects.toMatchObject(failing('RUNNER_MAY_APPEAR'));
  });

  test('removes a runner that got another id by its name, and never the foreign runner that has its old id', async () => {
    const at = await withJob();
    const { runnerId } = await at.obtain();
    passOnRunnerId(at.github.world, runnerNamed(at.github.world, at.name), 'build-server');
    await at.remove(at.name, at.world, runnerId);
    expect(at.runnerNames()).toEqual(['build-server']);
    await at.obtain();
    await deregisterRunner.run(at.world, { scope: at.input.scope, runnerName: at.name, runnerId }, STAYS);
    expect(at.runnerNames()).toEqual(['build-server']);
  });

  test('costs two calls, whether the runner is there or ended by itself', async () => {
    const at = await withJob();
    const calls = () =>
      Object.values(at.github.world.requests.all()).reduce((sum, { requests }) => sum + requests, 0);
    const { runnerId } = await at.obtain();
    const before = calls();
    await at.remove(at.name, at.world, runnerId);
    expect(calls() - before).toBe(2);
    await at.remove(at.name, at.world, runnerId);
    expect(calls() - before).toBe(4);
  });

  test('removes no runner of another name', async () => {
    const at = await withJob();
    await at.obtain(at.world, { runnerName: `${at.name}1` });
    await at.remove();
    expect(at.runnerNames()).toEqual([`${at.name}1`]);
  });
});
