import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { systemClock } from '../../src/clock.ts';
import { DaemonError } from '../../src/errors.ts';
import { createGitHub } from '../../src/github/github.ts';
import { changed } from './changed.ts';

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

/** A DaemonError names the call; anything else would be a fault of ours. */
async function isNamed(call: Promise<unknown>): Promise<void> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return;
  expect(error).toBeInstanceOf(DaemonError);
  expect((error as DaemonError).failure.code).not.toBe('UNEXPECTED');
  expect((error as Error).message.length).toBeLessThan(2_000);
  expect(JSON.stringify([(error as Error).message, (error as Error).cause])).not.toContain('fuzzedtoken');
}

const status = fc.oneof(fc.constantFrom(200, 201, 204), fc.integer({ min: 200, max: 599 }));
const answerOf = (...shapes: unknown[]) =>
  fc.oneof(
    fc.oneof(...shapes.map(changed)).map((value) => Buffer.from(JSON.stringify(value) ?? '')),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  );

test('whatever an agent answers, each call gives a value or a named failure', async () => {
  const shapes = [
    VM,
    { vms: [VM], total: 1, limit: 1, offset: 0 },
    PULL,
    { error: { code: 'X', message: 'y' } },
  ];
  await fc.assert(
    fc.asyncProperty(status, answerOf(...shapes), async (code, bytes) => {
      const sender = { send: async () => ({ status: code, bytes }), close: async () => undefined };
      const client = new AgentClient({
        name: 'm',
        baseUrl: 'http://127.0.0.1:1/v1',
        token: 'T'.repeat(36),
        sender,
      });
      await isNamed(client.health());
      await isNamed(client.capabilities());
      await isNamed(client.listVms());
      await isNamed(client.getVm(ID));
      await isNamed(client.vmState(ID));
      await isNamed(client.sshStatus(ID));
      await isNamed(client.startVm(ID));
      await isNamed(client.deleteVm(ID));
      await isNamed(client.pullImage('r/x:1', { timeoutSeconds: 1 }));
      await isNamed(client.createVm({ name: 'n', image: 'r/x:1', ephemeral: true, lifetimeSeconds: 1 }));
    }),
    { numRuns: 250 },
  );
});

test('whatever GitHub answers, each call gives a value or a named failure without the token in it', async () => {
  const shapes = [
    { workflow_runs: [RUN], total_count: 1 },
    { jobs: [JOB], total_count: 1 },
    JOB,
    { runners: [RUNNER], total_count: 1 },
    { runner: RUNNER, encoded_jit_config: 'blob' },
    { message: 'no', documentation_url: '' },
  ];
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
  const scope = { kind: 'repository', owner: 'o', repository: 'r' } as const;
  await fc.assert(
    fc.asyncProperty(status, headers, answerOf(...shapes), async (code, given, bytes) => {
      const body = [204, 205, 304].includes(code) ? null : bytes;
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
      await isNamed(github.listRunners(scope));
      await isNamed(github.removeRunner(scope, 7));
      await isNamed(github.createJitConfig(scope, { name: 'n', labels: ['a'], groupId: 1 }));
      await isNamed(github.createRegistrationToken(scope));
    }),
    { numRuns: 250 },
  );
});
