import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { completeJob } from '../../../src/simulator/github/jobs/job-lease.ts';
import { approveRun, cancelRun, rerun } from '../../../src/simulator/github/jobs/runs.ts';
import { ensureAccount, ensureRepository } from '../../../src/simulator/github/repositories.ts';
import { registerJit } from '../../../src/simulator/github/runners/registration.ts';
import { createHook, type NewHook } from '../../../src/simulator/github/webhooks/create-hook.ts';
import { validateWebhook } from '../../support/github-schema.ts';
import { soon } from '../../support/soon.ts';
import {
  connect,
  jitBody,
  REPOSITORY,
  servedGitHub,
  take,
  virtualGitHub,
  webhookReceiver,
} from './github-fixture.ts';

const SECRET = 'it is a secret';
const URL = 'http://127.0.0.1/webhook';

const signature = (body: string, algorithm = 'sha256') =>
  `${algorithm}=${createHmac(algorithm, SECRET).update(body).digest('hex')}`;

/** A GitHub on virtual time with a webhook of the repository. */
function hooked(hook: Partial<NewHook> = {}, settings: Parameters<typeof virtualGitHub>[0] = {}) {
  const github = virtualGitHub({ ...settings, timings: { webhook: 10, ...settings.timings } });
  const { clock, sent, world } = github;
  const repository = ensureRepository(world, REPOSITORY);
  const { id } = createHook(world, {
    target: { kind: 'repository', repository },
    url: URL,
    secret: SECRET,
    ...hook,
  });
  /** The deliveries so far, after enough time for all of them. */
  const events = async () => {
    await clock.pass(60);
    return sent.map(({ headers, body }) => ({ event: headers['x-github-event'] ?? '', ...JSON.parse(body) }));
  };
  const shorts = async () =>
    (await events()).map(({ event, action, workflow_job: job }) => (job ? `${action} ${job.status}` : event));
  const online = (name: string) =>
    connect(world, registerJit(world, { kind: 'repository', repository }, jitBody(name)));
  return { ...github, repository, id, events, shorts, online };
}

describe('a webhook over HTTP', () => {
  test('has a signature of its bytes and GitHub’s headers', async () => {
    await using github = await servedGitHub();
    await using receiver = await webhookReceiver();
    const hook = { repository: REPOSITORY, url: receiver.url, secret: SECRET };
    const { id } = (await github.ask('POST', '/_sim/hooks', hook)).body;
    await github.ask('POST', '/_sim/workflows', {
      repository: REPOSITORY,
      jobs: [{ name: 'a', labels: ['x'] }],
    });
    await soon(() => expect(receiver.received).toHaveLength(2));
    expect(new Set(receiver.actions())).toEqual(new Set(['ping', 'queued']));
    for (const { headers, body, payload } of receiver.received) {
      expect(headers['x-hub-signature-256']).toBe(signature(body));
      expect(headers['x-hub-signature']).toBe(signature(body, 'sha1'));
      expect(headers['x-github-delivery']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'x-github-hook-id': String(id),
        'x-github-hook-installation-target-type': 'repository',
      });
      expect(headers['user-agent']).toMatch(/^GitHub-Hookshot\//);
      expect(validateWebhook(String(headers['x-github-event']), payload)).toEqual([]);
    }
  });

  test('can be form-encoded, and is signed too', async () => {
    await using github = await servedGitHub({ enterpriseVersion: '3.19.0' });
    await using receiver = await webhookReceiver();
    await github.ask('POST', '/_sim/hooks', {
      organization: 'octo',
      url: receiver.url,
      secret: SECRET,
      contentType: 'form',
    });
    await soon(() => expect(receiver.received).toHaveLength(1));
    const [{ headers, body, payload } = { headers: {}, body: '', payload: {} }] = receiver.received;
    expect(body).toMatch(/^payload=%7B/);
    expect(headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect(headers['x-hub-signature-256']).toBe(signature(body));
    expect(headers['x-github-enterprise-version']).toBe('3.19.0');
    expect(payload.hook).toMatchObject({
      type: 'Organization',
      config: { content_type: 'form', secret: '********' },
    });
  });

  test('that no receiver accepts is listed as failed and can be delivered again with the same GUID', async () => {
    await using github = await servedGitHub({ timings: { webhook: 0 } });
    const deliveries = () => github.ask('GET', `/repos/${REPOSITORY}/hooks/${id}/deliveries`);
    const receiver = await webhookReceiver(503);
    const hook = { repository: REPOSITORY, url: receiver.url, secret: SECRET };
    const { id } = (await github.ask('POST', '/_sim/hooks', hook)).body;
    await soon(async () => expect((await deliveries()).body).toHaveLength(1));
    await receiver[Symbol.asyncDispose]();
    github.push();
    await soon(async () => expect((await deliveries()).body).toHaveLength(2));
    const [unreached, refused] = (await deliveries()).body;
    expect(refused).toMatchObject({ event: 'ping', status: 'Invalid HTTP Response: 503', status_code: 503 });
    expect(unreached).toMatchObject({
      event: 'workflow_job',
      action: 'queued',
      status_code: null,
      redelivery: false,
    });
    const at = `/repos/${REPOSITORY}/hooks/${id}/deliveries/${unreached.id}`;
    const { request } = (await github.ask('GET', at)).body;
    expect(request.payload.action).toBe('queued');
    expect((await github.ask('POST', `${at}/attempts`)).status).toBe(202);
    await soon(async () => expect((await deliveries()).body).toHaveLength(3));
    const [again] = (await deliveries()).body;
    expect(again).toMatchObject({ guid: unreached.guid, redelivery: true });
    expect(
      (await github.ask('GET', `/repos/${REPOSITORY}/hooks/${id}/deliveries?per_page=1`)).headers.get('link'),
    ).toMatch(/cursor=v1_\d+>; rel="next"/);
  });
});

describe('workflow_job', () => {
  test('is sent for each status of a job, each time with a valid payload', async () => {
    const { events, online, push, world } = hooked();
    push([{ steps: ['make'] }]);
    await events();
    const session = online('mac');
    const lease = await take(world, session);
    await events();
    completeJob(world, lease.token, 'success');
    const all = await events();
    expect(all.map(({ action }) => action)).toEqual([undefined, 'queued', 'in_progress', 'completed']);
    for (const { event, ...payload } of all) expect(validateWebhook(event, payload)).toEqual([]);
    const [, queued, started, completed] = all;
    expect(queued.workflow_job).toMatchObject({ status: 'queued', runner_id: null, steps: [] });
    expect(started.workflow_job).toMatchObject({ runner_id: session.runner.id, runner_name: 'mac' });
    expect(completed.workflow_job).toMatchObject({ conclusion: 'success', runner_name: 'mac' });
    expect(completed).toMatchObject({
      repository: { full_name: REPOSITORY, owner: { login: 'octo' } },
      organization: { login: 'octo' },
      sender: { login: 'octocat' },
    });
  });

  test('of a job that needs approval has the action queued and the status waiting', async () => {
    const { events, push, shorts, world } = hooked();
    const run = push([{ needsApproval: true }]);
    expect(new Set(await shorts())).toEqual(new Set(['ping', 'queued waiting', 'waiting waiting']));
    approveRun(world, run);
    expect((await shorts()).at(-1)).toBe('queued queued');
    for (const { event, ...payload } of await events()) expect(validateWebhook(event, payload)).toEqual([]);
  });

  test('of a job cancelled in the queue is completed without in_progress and without a runner', async () => {
    const { events, push, shorts, world } = hooked();
    cancelRun(world, push());
    expect((await shorts()).slice(1)).toEqual(['queued queued', 'completed completed']);
    const { event, ...payload } = (await events()).at(-1) ?? {};
    expect(payload.workflow_job).toMatchObject({ conclusion: 'cancelled', runner_id: 0, runner_name: '' });
    expect(validateWebhook(String(event), payload)).toEqual([]);
  });

  test('of a job that a re-run keeps is sent again, completed, with a new id', async () => {
    const { events, online, push, world } = hooked();
    const run = push([{}, {}]);
    const lease = await take(world, online('mac'));
    completeJob(world, lease.token, 'success');
    cancelRun(world, run);
    await events();
    rerun(world, run, { failedOnly: true });
    const again = (await events()).filter(({ workflow_job: job }) => job?.run_attempt === 2);
    expect(again.map(({ action }) => action).sort()).toEqual(['completed', 'queued']);
    const carried = again.find(({ action }) => action === 'completed');
    expect(carried?.workflow_job.id).not.toBe(lease.job.id);
  });

  test('is also sent to the organization’s and the App’s webhooks, and to no others', async () => {
    const { events, push, sent, world } = hooked();
    const account = ensureAccount(world, 'octo');
    const other = ensureRepository(world, 'octo/other');
    const secret = null;
    createHook(world, { target: { kind: 'organization', account }, url: 'http://org', secret });
    createHook(world, {
      target: { kind: 'integration', account, installationId: 7 },
      url: 'http://app',
      secret,
    });
    createHook(world, { target: { kind: 'repository', repository: other }, url: 'http://other', secret });
    await events();
    sent.length = 0;
    push();
    const [first, second, third, ...more] = await events();
    expect(more).toEqual([]);
    expect(sent.map(({ url }) => url).sort()).toEqual([URL, 'http://app', 'http://org']);
    expect([first, second, third].find((one) => one?.installation)?.installation.id).toBe(7);
    expect(sent.filter(({ headers }) => headers['x-hub-signature-256'])).toHaveLength(1);
  });
});

describe('a webhook can', () => {
  const route = 'webhook workflow_job *';

  test('be lost without a trace', async () => {
    const { ask, id, push, shorts, world } = hooked();
    await shorts();
    world.faults.add({ route: 'webhook workflow_job queued', drop: 'before', times: 1 });
    push();
    push();
    expect(await shorts()).toEqual(['ping', 'queued queued']);
    expect((await ask('GET', `/repos/${REPOSITORY}/hooks/${id}/deliveries`)).body).toHaveLength(2);
  });

  test('come twice with the same GUID', async () => {
    const { push, sent, shorts, world } = hooked();
    await shorts();
    world.faults.add({ route, body: { copies: 2 } });
    push();
    expect((await shorts()).slice(1)).toEqual(['queued queued', 'queued queued']);
    expect(new Set(sent.slice(1).map(({ headers }) => headers['x-github-delivery'])).size).toBe(1);
  });

  test('come late', async () => {
    const { clock, push, shorts, world } = hooked();
    world.faults.add({ route, delayMs: 60_000 });
    push();
    expect(await shorts()).toEqual(['ping']);
    await clock.pass(60_000);
    expect(await shorts()).toEqual(['ping', 'queued queued']);
  });

  test('come after the one that followed it', async () => {
    const { push, shorts, world } = hooked();
    world.faults.add({ route: 'webhook workflow_job queued', body: { afterNext: true } });
    const run = push();
    await shorts();
    cancelRun(world, run);
    expect(await shorts()).toEqual(['ping', 'completed completed', 'queued queued']);
  });

  test.each([
    ['wrong', /^sha256=/],
    ['missing', undefined],
  ])('have a signature that is %s', async (kind, expected) => {
    const { push, sent, shorts, world } = hooked();
    await shorts();
    world.faults.add({ route, body: { signature: kind } });
    push();
    await shorts();
    const given = sent[1]?.headers['x-hub-signature-256'];
    expect(given).not.toBe(signature(sent[1]?.body ?? ''));
    if (expected) expect(given).toMatch(expected);
    else expect(given).toBeUndefined();
  });

  test('fail without being sent, or count as failed although it arrived', async () => {
    const { ask, id, push, shorts, world } = hooked();
    await shorts();
    world.faults.add({ route, status: 502, times: 1 });
    push();
    expect(await shorts()).toHaveLength(1);
    world.faults.add({ route, drop: 'after', times: 1 });
    push();
    expect(await shorts()).toHaveLength(2);
    const list = (await ask('GET', `/repos/${REPOSITORY}/hooks/${id}/deliveries`)).body;
    expect(list.slice(0, 2)).toMatchObject([{ status: 'timed out' }, { status: 'timed out' }]);
  });
});
