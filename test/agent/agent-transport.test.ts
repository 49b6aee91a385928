import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { refuse, ScriptedAgent, vmAnswer } from './scripted-agent.ts';

const TOKEN = 'F00DF00D-0000-4000-8000-THE-AGENT-TOKEN';
const ID = '5FE2FD40-9293-4F3F-ABDD-844873B33934';

let agent: ScriptedAgent;
let client: AgentClient;
/** It gives a read up so soon that a loaded machine can miss it: only for reads that must not end in time. */
let hasty: AgentClient;

beforeEach(async () => {
  agent = await new ScriptedAgent().listen();
  const settings = { name: 'mac-1', baseUrl: agent.baseUrl, token: TOKEN };
  client = new AgentClient(settings);
  hasty = new AgentClient({ ...settings, readTimeoutMs: 300 });
});

afterEach(async () => {
  await client.close();
  await hasty.close();
  await agent.close();
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof DaemonError)) throw error;
  return error.failure.code;
}

describe('the wire', () => {
  test('a request carries the token, a body with its length, and closes its connection', async () => {
    agent.on('POST /vms', { status: 201, json: vmAnswer() });
    await client.createVm({ name: 'gh-a-1-1', image: 'r.io/x:1', ephemeral: true, lifetimeSeconds: 3600 });
    const [request] = agent.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(request?.headers['transfer-encoding']).toBeUndefined();
    expect(Number(request?.headers['content-length'])).toBeGreaterThan(10);
    expect(request?.headers.connection).toBe('close');
    expect(request?.body).toEqual({
      name: 'gh-a-1-1',
      image: 'r.io/x:1',
      ephemeral: true,
      lifetimeSeconds: 3600,
    });
  });

  test('calls to one agent run side by side', async () => {
    agent.on('GET /vms/A/state', 'silence').on('GET /vms/B/state', { json: { state: 'running' } });
    const control = new AbortController();
    const stuck = client.vmState('A', { signal: control.signal }).catch(() => 'given up');
    expect(await client.vmState('B')).toBe('running');
    control.abort();
    expect(await stuck).toBe('given up');
  });

  test('a host on which nothing listens is unreachable, and the message names host, call and address', async () => {
    const gone = new AgentClient({ name: 'mac-2', baseUrl: 'http://127.0.0.1:1/v1', token: TOKEN });
    const error: unknown = await gone.health().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: { code: 'HOST_UNREACHABLE' } });
    expect(String(error)).toMatch(/mac-2.*GET \/health.*127\.0\.0\.1:1.*ECONNREFUSED/);
    await gone.close();
  });

  test('a read ends at its deadline when the agent is silent, and says so in words', async () => {
    agent.on('GET /health', 'silence');
    await expect(hasty.health()).rejects.toMatchObject({
      failure: { code: 'HOST_UNREACHABLE' },
      message: expect.stringContaining(': no answer in time. Check that'),
    });
  });

  test('a create waits longer than a read does', async () => {
    agent.on('POST /vms', 'silence');
    const control = new AbortController();
    const create = hasty.createVm(
      { name: 'a', image: 'i', ephemeral: true, lifetimeSeconds: null },
      { signal: control.signal },
    );
    agent.on('GET /health', 'silence');
    expect(await codeOf(hasty.health())).toBe('HOST_UNREACHABLE');
    const reason = new Error('enough');
    control.abort(reason);
    await expect(create).rejects.toBe(reason);
  });

  test('an aborted call rejects with the reason of the abort, before and while it runs', async () => {
    const reason = new Error('left the state');
    await expect(client.health({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    agent.on(`POST /vms/${ID}/start`, 'silence');
    const control = new AbortController();
    const start = client.startVm(ID, { signal: control.signal });
    control.abort(reason);
    await expect(start).rejects.toBe(reason);
  });

  test('a connection cut without an answer is an unreachable host', async () => {
    agent.on('GET /health', 'cut');
    expect(await codeOf(client.health())).toBe('HOST_UNREACHABLE');
  });

  test('a port that does not speak HTTP is an unreachable host', async () => {
    const server = createServer((socket) => socket.end('SSH-2.0-not-http\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const lost = new AgentClient({ name: 'x', baseUrl: `http://127.0.0.1:${port}/v1`, token: TOKEN });
    expect(await codeOf(lost.health())).toBe('HOST_UNREACHABLE');
    await lost.close();
    server.close();
  });

  test.each([
    ['a body that is not JSON', { raw: '<html>' }],
    ['JSON of another shape', { json: { status: 'healthy' } }],
    ['a refusal without an envelope', { status: 500, raw: 'oops' }],
  ])('%s is an error of the agent', async (_, reply) => {
    agent.on('GET /health', reply);
    expect(await codeOf(client.health())).toBe('AGENT_ERROR');
  });

  test('a token that no header can hold is a refused request, not an unreachable host, and is not shown', async () => {
    const odd = new AgentClient({ name: 'x', baseUrl: agent.baseUrl, token: 'secret\nsecret' });
    const error: unknown = await odd.health().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ failure: { code: 'AGENT_REQUEST_REFUSED' } });
    expect(String(error)).not.toContain('secret');
    await odd.close();
  });

  test('neither the token nor a password is in a message, even when the agent repeats it', async () => {
    agent.on(`POST /vms/${ID}/execute`, refuse(400, 'INVALID_REQUEST', `bad: ${TOKEN} s3cret!`));
    const run = { command: 'true', user: 'admin', password: 's3cret!', timeoutSeconds: 5 };
    const error: unknown = await client.execute(ID, run).catch((reason: unknown) => reason);
    expect(String(error)).toContain('***');
    expect(JSON.stringify([error, String(error), (error as Error).stack, client])).not.toMatch(
      /THE-AGENT-TOKEN|s3cret/,
    );
  });

  test('a text that is not an identifier never becomes part of a path', async () => {
    await expect(async () => client.deleteVm('')).rejects.toMatchObject({
      failure: { code: 'AGENT_REQUEST_REFUSED' },
    });
    await expect(async () => client.vmState('../images')).rejects.toThrow('not an identifier');
    expect(agent.requests).toEqual([]);
  });
});
