import { describe, expect, test } from 'vitest';
import { validateWebhook } from '../support/github-schema.ts';
import { EXAMPLES, jobPayload, newInbox, type Payload, webhookRig } from './webhook-rig.ts';

const all = EXAMPLES.flatMap(({ name, examples }) => examples.map((payload) => ({ event: name, payload })));
const jobs = all.filter(({ event }) => event === 'workflow_job').map(({ payload }) => payload);

/** Accepts every owner, since the examples have many. */
const open = (payload: Payload) =>
  webhookRig({ allowed: () => ({ owner: payload.repository?.owner?.login ?? 'octo', repositories: null }) });

test('the examples have more than 50 events, among them 8 of jobs and 4 pings', () => {
  expect(new Set(all.map(({ event }) => event)).size).toBeGreaterThan(50);
  expect(jobs).toHaveLength(8);
  expect(all.filter(({ event }) => event === 'ping')).toHaveLength(4);
});

test('every other event of GitHub is accepted, ignored and not stored', async () => {
  const rig = webhookRig({ store: newInbox(() => Promise.reject(new Error('nothing is to be stored'))) });
  for (const { event, payload } of all) {
    if (event === 'workflow_job' || event === 'ping') continue;
    const answer = await rig.deliver(payload, { event });
    expect(answer).toEqual({ status: 202, message: `ignored: this daemon does not use ${event} events` });
  }
  expect(rig.handed).toEqual([]);
  expect(rig.lines).toEqual([]);
});

test('the response to every ping says whether its webhook sends the needed events', async () => {
  for (const { event, payload } of all.filter((one) => one.event === 'ping')) {
    const { status, message } = await open(payload).deliver(payload, { event });
    expect(status).toBe(202);
    const { events } = payload.hook;
    const isUseful = events.includes('*') || events.includes('workflow_job');
    expect(message).toMatch(isUseful ? /^pong: / : /^pong, but /);
  }
  const { hook, ...rest } = all.find(({ event }) => event === 'ping')?.payload ?? {};
  for (const payload of [
    rest,
    { ...rest, hook: null },
    { ...rest, hook: { events: 'workflow_job' } },
    null,
    7,
  ]) {
    const answer = await webhookRig().deliver(JSON.stringify(payload), { event: 'ping' });
    expect(answer).toMatchObject({ status: 202, message: expect.stringMatching(/^pong, but /) });
  }
  const useful = { ...rest, hook: { ...hook, events: ['workflow_job'] } };
  expect((await webhookRig().deliver(useful, { event: 'ping' })).message).toMatch(/^pong: /);
});

test.each([
  [0, { status: 'in_progress', runnerName: 'my runner', runnerId: 1, runAttempt: 1, workflow: '' }],
  [1, { status: 'completed', conclusion: 'failure', runnerName: 'GitHub Actions 5' }],
  [2, { status: 'completed', conclusion: 'success', runnerName: 'GitHub Actions 5' }],
  [3, { status: 'in_progress', conclusion: null, runnerName: 'GitHub Actions 5' }],
  [4, { status: 'in_progress', conclusion: null, runnerName: 'GitHub Actions 6' }],
  [5, { status: 'queued', runnerName: null, runnerId: null, labels: ['ubuntu-latest'] }],
  [6, { status: 'waiting', runnerName: null, labels: ['self-hosted', 'k8s'] }],
  [7, { status: 'waiting', runnerName: null, labels: ['self-hosted', 'k8s'] }],
])('GitHub’s example %i of a job becomes the right observation', async (index, expected) => {
  const payload = jobs[index];
  const rig = open(payload);
  expect(await rig.deliver(payload)).toEqual({ status: 202, message: 'stored' });
  const { workflow_job: job, repository } = payload;
  expect(rig.handed).toEqual([
    expect.objectContaining({
      source: 'webhook',
      seenAt: rig.clock.now(),
      jobId: job.id,
      runId: job.run_id,
      owner: repository.owner.login,
      repository: repository.name,
      name: job.name,
      url: job.html_url,
      commit: job.head_sha,
      branch: job.head_branch ?? null,
      labels: job.labels,
      queuedAt: Date.parse(job.created_at ?? job.started_at),
      ...expected,
    }),
  ]);
});

describe('a payload that GitHub’s examples lack', () => {
  const completed = { status: 'completed', completed_at: '2026-01-05T10:00:00Z', steps: [] };
  const noRunner = { runner_id: null, runner_name: null, runner_group_id: null, runner_group_name: null };

  test.each([
    ['a Mac’s labels', jobPayload({ labels: ['self-hosted', 'macOS', 'ARM64'] }), { status: 'queued' }],
    ['a group alone, which has no labels', jobPayload({ labels: [] }), { labels: [] }],
    [
      'a job cancelled in the queue',
      jobPayload({ ...completed, ...noRunner, conclusion: 'cancelled' }, { action: 'completed' }),
      { status: 'completed', conclusion: 'cancelled', runnerId: null, runnerName: null },
    ],
    [
      'a job that never had a runner, in the other notation',
      jobPayload(
        { ...completed, ...noRunner, runner_id: 0, runner_name: '', conclusion: 'skipped' },
        { action: 'completed' },
      ),
      { status: 'completed', conclusion: 'skipped', runnerId: null, runnerName: null },
    ],
    ['a re-run', jobPayload({ id: 777, run_attempt: 2 }), { jobId: 777, runAttempt: 2, status: 'queued' }],
    [
      'a job of ours that began',
      jobPayload(
        { status: 'in_progress', runner_id: 12, runner_name: 'gh-a-1-1', steps: [] },
        { action: 'in_progress' },
      ),
      { status: 'in_progress', runnerId: 12, runnerName: 'gh-a-1-1' },
    ],
  ])('is read: %s', async (_name, payload, expected) => {
    expect(validateWebhook('workflow_job', payload)).toEqual([]);
    const rig = webhookRig();
    expect(await rig.deliver(payload)).toEqual({ status: 202, message: 'stored' });
    expect(rig.handed[0]).toMatchObject({ owner: 'octo', repository: 'app', ...expected });
  });

  test('is read without a label that is null', async () => {
    const rig = webhookRig();
    await rig.deliver(jobPayload({ ...completed, labels: ['macos', null] }));
    expect(rig.handed[0]?.labels).toEqual(['macos']);
  });

  test('with an unknown status of a job is read as waiting, so that no VM is made', async () => {
    const rig = webhookRig();
    await rig.deliver(jobPayload({ status: 'pondering' }));
    expect(rig.handed[0]?.status).toBe('waiting');
  });

  test.each([
    ['no job', { workflow_job: undefined }, 'workflow_job'],
    ['no repository', { repository: undefined }, 'repository'],
    ['no owner', { repository: { name: 'app' } }, 'repository.owner'],
    ['a job without an id', jobPayload({ id: undefined }), 'workflow_job.id'],
    ['labels that are a word', jobPayload({ labels: 'macos' }), 'workflow_job.labels'],
  ])('is refused with the field that is wrong: %s', async (_name, change, field) => {
    const rig = webhookRig();
    const { status, message } = await rig.deliver({ ...jobPayload(), ...change });
    expect(status).toBe(400);
    expect(message).toContain(`(${field}: `);
    expect(rig.handed).toEqual([]);
  });

  test.each(['null', '[]', '7', '"job"', 'true'])(
    'is refused when it is not an object: %s',
    async (payload) => {
      expect(await webhookRig().deliver(payload)).toMatchObject({ status: 400 });
    },
  );
});
