import { describe, expect, test } from 'vitest';
import type { Job, Run } from '../../../src/simulator/github/jobs/job.ts';
import { completeJob, renewJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import { cancelRun, currentJobs } from '../../../src/simulator/github/jobs/runs.ts';
import {
  addRunnerGroup,
  ensureAccount,
  ensureRepository,
} from '../../../src/simulator/github/repositories.ts';
import { nextMessage } from '../../../src/simulator/github/runners/connection.ts';
import { registerByToken, registerJit } from '../../../src/simulator/github/runners/registration.ts';
import type { Scope } from '../../../src/simulator/github/runners/runners.ts';
import { connect, jitBody, MAC, never, REPOSITORY, take, virtualGitHub } from './github-fixture.ts';

const only = (run: Run): Job => {
  const [job] = currentJobs(run);
  if (!job) throw new Error('the run has no job');
  return job;
};

/** A GitHub whose runners connect as soon as they are registered. */
function withRunners(settings: Parameters<typeof virtualGitHub>[0] = {}) {
  const github = virtualGitHub(settings);
  const { world } = github;
  const repository = (name = REPOSITORY, isPrivate = true): Scope => ({
    kind: 'repository',
    repository: ensureRepository(world, name, { isPrivate }),
  });
  const organization = (): Scope => ({ kind: 'organization', account: ensureAccount(world, 'octo') });
  const online = (name: string, labels: readonly string[] = MAC, scope = repository(), group = 1) =>
    connect(world, registerJit(world, scope, { ...jitBody(name, labels), runner_group_id: group }));
  /** The runner that the run's job is assigned to and that has not taken it yet. */
  const holder = (run: Run) => world.assignments.get(only(run).id)?.runner.name ?? null;
  return { ...github, repository, organization, online, holder };
}

describe('a job goes to a runner', () => {
  test.each([
    [['self-hosted', 'macOS'], ['self-hosted', 'macos', 'arm64'], true],
    [['MACOS'], ['macos'], true],
    [['self-hosted', 'macOS', 'xcode'], ['self-hosted', 'macos'], false],
    [['macos-14'], ['self-hosted', 'macos'], false],
    [[], ['self-hosted'], false],
  ])('when %j are all among %j: %s', (wanted, offered, expected) => {
    const { online, push, holder } = withRunners();
    online('mac', offered);
    expect(holder(push([{ labels: wanted }])) === 'mac').toBe(expected);
  });

  test('of its repository or its organization only', () => {
    const { online, organization, push, repository, holder } = withRunners();
    online('other', MAC, repository('octo/other'));
    expect(holder(push())).toBeNull();
    online('everywhere', MAC, organization());
    expect(holder(push([{}], 'octo/third'))).toBeNull();
    expect(holder(push([{}], 'elsewhere/app'))).toBeNull();
  });

  test('as soon as one connects, the oldest job first, whichever job the runner was started for', () => {
    const { online, push, holder } = withRunners();
    const [first, second] = [push(), push()];
    online('started-for-the-second');
    expect(holder(first)).toBe('started-for-the-second');
    expect(holder(second)).toBeNull();
  });

  test('at random when several fit', () => {
    const { online, push, holder } = withRunners();
    for (let i = 0; i < 10; i += 1) online(`mac-${i}`);
    const taken = Array.from({ length: 5 }, () => holder(push()));
    expect(new Set(taken).size).toBe(5);
    expect(taken).not.toEqual(['mac-0', 'mac-1', 'mac-2', 'mac-3', 'mac-4']);
  });

  test('of a group only when that may work for its repository', () => {
    const { online, organization, push, repository, world, holder } = withRunners();
    const group = addRunnerGroup(world, 'octo', 'Macs', { repositories: ['app'] });
    online('mac', MAC, organization(), group.id);
    repository('octo/open', false);
    expect(holder(push([{}], 'octo/other'))).toBeNull();
    expect(holder(push([{}], 'octo/open'))).toBeNull();
    expect(holder(push([{}], REPOSITORY))).toBe('mac');
  });

  test('of the group that it names, also without labels', () => {
    const { online, organization, push, world, holder } = withRunners();
    const group = addRunnerGroup(world, 'octo', 'Macs');
    online('default', MAC, organization());
    online('grouped', MAC, organization(), group.id);
    expect(holder(push([{ labels: [], group: 'macs' }]))).toBe('grouped');
  });

  test('after the time that an assignment takes', async () => {
    const { clock, online, push, holder } = withRunners({ timings: { assignment: 2_000 } });
    online('mac');
    const run = push();
    expect(holder(run)).toBeNull();
    await clock.pass(2_000);
    expect(holder(run)).toBe('mac');
  });

  test('whose version is not too old', () => {
    const { push, repository, world, holder } = withRunners({ minimumRunnerVersion: '2.329.0' });
    const body = (name: string) => jitBody(name);
    connect(world, registerJit(world, repository(), body('old')), '2.328.9');
    const run = push();
    expect(holder(run)).toBeNull();
    connect(world, registerJit(world, repository(), body('new')), '2.329.0');
    expect(holder(run)).toBe('new');
  });
});

describe('GitHub can be told not to assign', () => {
  test('any job, however many idle runners fit, until that ends', async () => {
    const { ask, online, push, holder } = withRunners();
    await ask('PUT', '/_sim/assignment', { on: false });
    online('early');
    const run = push();
    online('late');
    expect(holder(run)).toBeNull();
    await ask('PUT', '/_sim/assignment', { on: true });
    expect(holder(run)).not.toBeNull();
  });

  test('one job, while other jobs are assigned', async () => {
    const { ask, online, push, holder } = withRunners();
    const [withheld, other] = [push(), push()];
    const path = `/_sim/jobs/${only(withheld).id}/assignment`;
    await ask('PUT', path, { on: false });
    online('mac');
    online('another');
    expect([holder(withheld), holder(other)]).toEqual([null, 'mac']);
    await ask('PUT', path, { on: true });
    expect(holder(withheld)).toBe('another');
  });
});

test('a runner of an organization can get a job of any of its repositories, and the job that it was made for waits', () => {
  const { online, organization, push, holder } = withRunners();
  const unlisted = push([{}], 'octo/unlisted');
  const ours = push();
  online('made-for-ours', MAC, organization());
  expect([holder(unlisted), holder(ours)]).toEqual(['made-for-ours', null]);
});

describe('an assigned job', () => {
  test('is shown as queued until its runner takes it', async () => {
    const { ask, online, push, world } = withRunners();
    const session = online('mac');
    const job = only(push());
    const status = async () => (await ask('GET', `/repos/${REPOSITORY}/actions/jobs/${job.id}`)).body.status;
    expect(await status()).toBe('queued');
    await take(world, session);
    expect(await status()).toBe('in_progress');
  });

  test('is queued again after a minute, and its runner is offline', async () => {
    const { clock, online, push, holder } = withRunners();
    const ghost = online('ghost');
    const run = push();
    await clock.pass(59_999);
    expect(holder(run)).toBe('ghost');
    await clock.pass(1);
    expect(holder(run)).toBeNull();
    expect(ghost.runner.state.status).toBe('offline');
    online('mac');
    expect(holder(run)).toBe('mac');
  });

  test('is cancelled when three runners in a row did not take it', async () => {
    const { clock, online, push } = withRunners();
    const run = push();
    for (const name of ['a', 'b', 'c']) {
      online(name);
      await clock.pass(60_000);
    }
    expect(only(run).state).toMatchObject({ status: 'completed', conclusion: 'cancelled', runner: null });
  });

  test('is refused to every other runner', async () => {
    const { online, push, world } = withRunners();
    online('mac');
    const job = only(push());
    const other = online('other');
    other.push({ kind: 'job', jobId: job.id });
    await expect(take(world, other)).rejects.toMatchObject({ status: 404 });
  });
});

describe('a job that runs', () => {
  test('fails ten minutes after its runner’s last sign, and is not queued again', async () => {
    const { clock, online, push, world } = withRunners();
    const session = online('mac');
    const run = push();
    const lease = await take(world, session);
    await clock.pass(9 * 60_000);
    renewJob(world, lease.token);
    await clock.pass(10 * 60_000 - 1);
    expect(only(run).state.status).toBe('in_progress');
    await clock.pass(1);
    expect(only(run).state).toMatchObject({ status: 'completed', conclusion: 'failure' });
    expect(() => renewJob(world, lease.token)).toThrow('Job not found');
    expect(session.runner.job).toBeNull();
    expect(world.runners.has(session.runner.id)).toBe(true);
  });

  test('is the only job of an ephemeral runner, even when the runner did not end it', async () => {
    const { clock, online, push, world, holder } = withRunners();
    const session = online('mac');
    const [first, second] = [push(), push()];
    await take(world, session);
    cancelRun(world, first);
    const listen = async () => {
      for (;;) await nextMessage(world, session, never);
    };
    void listen();
    await clock.pass(5 * 60_000);
    expect(only(first).state.conclusion).toBe('cancelled');
    expect(session.runner).toMatchObject({ job: null, state: { status: 'online' } });
    expect([holder(second), holder(push())]).toEqual([null, null]);
  });

  test('leaves a runner that is not ephemeral free for the next', async () => {
    const { push, repository, world, holder } = withRunners();
    const asked = {
      name: 'mac',
      labels: [],
      group: null,
      replace: false,
      hasDefaultLabels: true,
      workFolder: '_work',
    };
    const session = connect(world, registerByToken(world, repository(), { ...asked, ephemeral: false }));
    const [first, second] = [push(), push()];
    completeJob(world, (await take(world, session)).token, 'success');
    expect(only(first).state.conclusion).toBe('success');
    expect(holder(second)).toBe('mac');
  });
});
