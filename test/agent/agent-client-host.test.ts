import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { agent, client, codeOf, ID, start, stop } from './agent-client-rig.ts';
import { refuse } from './scripted-agent.ts';

beforeEach(start);
afterEach(stop);

describe('images', () => {
  const operation = {
    operationId: 'OP-1',
    statusUrl: '/v1/images/pull/operations/OP-1',
    type: 'pull',
    reference: 'ghcr.io/x/y:1',
    status: 'running',
    progress: 0.25,
    chunksCompleted: 1,
    bytesCompleted: 1024,
    startedAt: '2026-07-30T10:00:00Z',
    updatedAt: '2026-07-30T10:00:01Z',
  };

  test('a pull is started asynchronously and followed by its id', async () => {
    agent
      .on('POST /images/pull', { status: 202, json: operation })
      .on('GET /images/pull/operations/OP-1', {
        json: { ...operation, status: 'completed', progress: 1, digest: 'sha256:00' },
      })
      .on('GET /images/pull/operations', { json: { operations: [operation], total: 1, activeOnly: true } });
    const begun = await client.pullImage('ghcr.io/x/y:1', { timeoutSeconds: 3600 });
    expect(agent.requests[0]?.body).toEqual({ reference: 'ghcr.io/x/y:1', timeout: 3600, async: true });
    expect(begun).toMatchObject({ operationId: 'OP-1', status: 'running', progress: 0.25, digest: null });
    expect(await client.pullOperation('OP-1')).toMatchObject({ status: 'completed', digest: 'sha256:00' });
    expect(await client.activePulls()).toHaveLength(1);
  });

  test('an operation that the agent forgot is null', async () => {
    agent.on('GET /images/pull/operations/OP-9', refuse(404, 'IMAGE_OPERATION_NOT_FOUND'));
    expect(await client.pullOperation('OP-9')).toBeNull();
  });

  test('the images of the host are listed with their reference, digest and size', async () => {
    const image = { id: 'IMG', reference: 'ghcr.io/x/y:1', localPath: '/x', formatVersion: 1, size: 5 };
    agent.on('GET /images', { json: { images: [image], total: 1, limit: 1000, offset: 0 } });
    expect(await client.listImages()).toEqual([
      { id: 'IMG', reference: 'ghcr.io/x/y:1', digest: null, size: 5 },
    ]);
  });
});

describe('host, guest and events', () => {
  test('health and capabilities are read, and a refused token is a failure', async () => {
    const health = { status: 'healthy', version: '1.0.0', uptime: 12, vmsTotal: 3, vmsRunning: 1 };
    agent
      .on('GET /health', { json: { ...health, added: 'later' } })
      .on('GET /auth/verify', refuse(401, 'UNAUTHORIZED'))
      .on('GET /system/capabilities', {
        json: {
          host: { architecture: 'arm64', maxConcurrentVMs: 2 },
          features: [
            { id: 'natNetworking', status: 'available', enabled: true, lifecycle: 'stable' },
            { id: 'guiDisplay', status: 'unavailable', enabled: true, reason: 'no display' },
          ],
        },
      });
    expect(await client.health()).toEqual(health);
    expect(await codeOf(client.verifyToken())).toBe('AGENT_TOKEN_REFUSED');
    expect(await client.capabilities()).toEqual({
      maxConcurrentVMs: 2,
      features: [
        { id: 'natNetworking', usable: true, reason: null },
        { id: 'guiDisplay', usable: false, reason: 'no display' },
      ],
    });
  });

  test('a command in the guest returns its exit code, which is 255 for a refused SSH login', async () => {
    const answer = {
      vmId: ID,
      exitCode: 255,
      stdout: '',
      stderr: 'denied',
      stdoutTruncated: false,
      stderrTruncated: false,
    };
    agent.on(`POST /vms/${ID}/execute`, { json: answer });
    const run = { command: 'true', user: 'admin', password: null, timeoutSeconds: 5 };
    expect(await client.execute(ID, run)).toEqual({ exitCode: 255, stdout: '', stderr: 'denied' });
    expect(agent.requests[0]?.body).toEqual({ command: 'true', user: 'admin', timeout: 5 });
  });

  test('events have instants in epoch milliseconds, and a screenshot is returned byte for byte', async () => {
    const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);
    agent
      .on(`GET /vms/${ID}/events`, {
        json: {
          events: [
            {
              timestamp: '2026-07-30T10:00:00Z',
              type: 'SSH_PORT_ASSIGNED',
              vmId: ID,
              data: { port: '2222' },
            },
            { timestamp: '2026-07-30T10:00:05Z', type: 'SSH_READY', vmId: ID, data: null },
          ],
          total: 2,
        },
      })
      .on(`GET /vms/${ID}/screenshot`, { raw: png });
    expect(await client.listEvents(ID, { limit: 50 })).toEqual([
      { at: Date.UTC(2026, 6, 30, 10), type: 'SSH_PORT_ASSIGNED', data: { port: '2222' } },
      { at: Date.UTC(2026, 6, 30, 10, 0, 5), type: 'SSH_READY', data: {} },
    ]);
    expect(agent.requests[0]?.query.get('limit')).toBe('50');
    expect([...(await client.screenshot(ID))]).toEqual([...png]);
  });
});
