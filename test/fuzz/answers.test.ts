import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { systemClock } from '../../src/clock.ts';
import { DaemonError } from '../../src/errors.ts';
import { createGitHub } from '../../src/github/github.ts';
import { changed, textOf, withHugeTexts } from './changed.ts';
import { beyondBounds } from './within-bounds.ts';

const ID = 'A0A0A0A0-0000-4000-8000-000000000001';
const VM = {
  id: ID,
  name: 'gh-a-1-1',
  state: 'running',
  ephemeral: true,
  resources: { cpuCount: 4, memorySize: 8, diskSize: 64 },
  network: { macAddress: '00:00', sshPort: 2222 },
  guiOpen: false,
  uptime: 3,
  lifetimeSeconds: null,
  expiresAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
};
const PULL = {
  operationId: ID,
  status: 'running',
  reference: 'r/x:1',
  chunksCompleted: 0,
  bytesCompleted: 0,
  startedAt: VM.createdAt,
  updatedAt: VM.createdAt,
};
const RUN = { id: 1, updated_at: VM.createdAt };
const JOB = { id: 1, run_id: 1, status: 'queued', name: 'x', labels: ['macos'], created_at: VM.createdAt };
const RUNNER = { id: 7, name: 'gh-a-1-1', status: 'online', busy: false };

/** Checks that the call returns a value within its bounds or rejects with a DaemonError that names the call. */
async function isNamed(call: Promise<unknown>): Promise<void> {
  const [error, value] = await call.then(
    (answer) => [null, answer],
    (reason: unknown) => [reason, null],
  );
  expect(beyondBounds(value)).toEqual([]);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  if (error === null) return;
  expect(error).toBeInstanceOf(DaemonError);
  expect((error as DaemonError).failure.code).not.toBe('UNEXPECTED');
  expect((error as Error).message.length).toBeLessThan(2_000);
  expect(JSON.stringify([(error as Error).message, (error as Error).cause])).not.toContain('fuzzedtoken');
}

const status = fc.oneof(fc.constantFrom(200, 201, 204), fc.integer({ min: 200, max: 599 }));
const answerOf = (...shapes: unknown[]) =>
  fc.oneof(
    fc.oneof(...shapes.map(changed)).map((value) => Buffer.from(textOf(value))),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );

const AGENT_SHAPES = [
  VM,
  { vms: [VM], total: 1, limit: 1, offset: 0 },
  { images: [{ id: ID, reference: 'r/x:1', size: 5 }], total: 1 },
  PULL,
  { operations: [PULL] },
  { status: 'ready', port: 2222 },
  { port: 2222 },
  { state: 'running' },
  { status: 'ok', version: '1.0.0', uptime: 3, vmsTotal: 1, vmsRunning: 1 },
  { host: { maxConcurrentVMs: 2 }, features: [{ id: 'ssh', status: 'available', enabled: true }] },
  { events: [{ timestamp: VM.createdAt, type: 'VM_CREATED', data: { name: 'x' } }] },
  { error: { code: 'X', message: 'y' } },
];

async function agentCalls(code: number, bytes: Buffer): Promise<void> {
  const sender = { send: async () => ({ status: code, bytes }), close: async () => undefined };
  const client = new AgentClient({
    name: 'm',
    baseUrl: 'http://127.0.0.1:1/v1',
    token: 'T'.repeat(36),
    sender,
  });
  await isNamed(client.health());
  await isNamed(client.capabilities());
  await isNamed(client.lookAtVms());
  await isNamed(client.findVms(VM.name));
  await isNamed(client.listImages());
  await isNamed(client.getVm(ID));
  await isNamed(client.vmState(ID));
  await isNamed(client.sshStatus(ID));
  await isNamed(client.enableSsh(ID));
  await isNamed(client.listEvents(ID, { limit: 10 }));
  await isNamed(client.startVm(ID));
  await isNamed(client.deleteVm(ID));
  await isNamed(client.activePulls());
  await isNamed(client.pullImage('r/x:1', { timeoutSeconds: 1 }));
  await isNamed(client.createVm({ name: 'n', image: 'r/x:1', ephemeral: true, lifetimeSeconds: 1 }));
}

test('for any response of an agent, each call returns a value within its bounds or a named failure', async () => {
  await fc.assert(fc.asyncProperty(status, answerOf(...AGENT_SHAPES), agentCalls), { numRuns: 400 });
});

test('a huge text in any place of an agent’s response is cut or refused', async () => {
  for (const answer of [VM, { vms: [VM], total: 1 }, PULL, AGENT_SHAPES[8]].flatMap((shape) =>
    withHugeTexts(shape, shape === PULL ? 10_000_000 : undefined),
  ))
    await agentCalls(200, Buffer.from(JSON.stringify(answer)));
}, 60_000);

const GITHUB_SHAPES = [
  { workflow_runs: [RUN], total_count: 1 },
  { jobs: [JOB], total_count: 1 },
  JOB,
  { runners: [RUNNER], total_count: 1 },
  { runner: RUNNER, encoded_jit_config: 'blob' },
  { token: 'x', expires_at: VM.createdAt },
  { runner_groups: [{ id: 1, name: 'Default' }] },
  { id: 3, full_name: 'o/r' },
  [{ id: 5, guid: 'g', delivered_at: VM.createdAt, status: 'OK', status_code: 200, event: 'workflow_job' }],
  { message: 'no', documentation_url: '' },
];
const scope = { kind: 'repository', owner: 'o', repository: 'r' } as const;

async function gitHubCalls(code: number, given: Record<string, string>, bytes: Buffer): Promise<void> {
  const body = [204, 205, 304].includes(code) ? null : new Uint8Array(bytes);
  const send = (async () =>
    new Response(body, {
      status: code,
      headers: { 'content-type': 'application/json', ...given },
    })) as typeof fetch;
  const github = createGitHub({
    apiUrl: 'https://github.test',
    auth: { token: 'ghp_fuzzedtoken' },
    clock: systemClock,
    fetch: send,
  });
  await isNamed(github.listActiveRuns('o', 'r', 'queued'));
  await isNamed(github.listRunJobs('o', 'r', 1));
  await isNamed(github.getJob('o', 'r', 1));
  await isNamed(github.getRepository('o', 'r'));
  await isNamed(github.listRunners(scope));
  await isNamed(github.findRunner(scope, RUNNER.name));
  await isNamed(github.removeRunner(scope, 7));
  await isNamed(github.createJitConfig(scope, { name: 'n', labels: ['a'], groupId: 1 }));
  await isNamed(github.createRegistrationToken(scope));
  await isNamed(github.redeliverFailed({ kind: 'app' }, 0));
}

test('for any response of GitHub, each call returns a value within its bounds or a named failure without the token', async () => {
  const headers = fc.dictionary(
    fc.constantFrom(
      'link',
      'etag',
      'retry-after',
      'x-ratelimit-remaining',
      'x-ratelimit-reset',
      'x-ratelimit-limit',
    ),
    fc.stringMatching(/^[\x20-\x7e]{0,60}$/),
  );
  await fc.assert(fc.asyncProperty(status, headers, answerOf(...GITHUB_SHAPES), gitHubCalls), {
    numRuns: 300,
  });
}, 60_000);

test('a huge text in any place of GitHub’s response is cut or refused', async () => {
  for (const answer of [{ jobs: [JOB] }, JOB, { runners: [RUNNER] }].flatMap((shape) =>
    withHugeTexts(shape, shape === JOB ? 10_000_000 : undefined),
  ))
    await gitHubCalls(200, {}, Buffer.from(JSON.stringify(answer)));
}, 120_000);
