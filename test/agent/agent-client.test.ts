import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { agent, client, codeOf, ID, start, stop, TOKEN } from './agent-client-rig.ts';
import { refuse, vmAnswer } from './scripted-agent.ts';

beforeEach(start);
afterEach(stop);

describe('VMs', () => {
  test('a VM has null for every field that the agent leaves out, and instants in epoch milliseconds', async () => {
    agent.on(`GET /vms/${ID}`, {
      json: vmAnswer({ network: { macAddress: 'x', sshPort: 2222 } }),
    });
    expect(await client.getVm(ID)).toEqual({
      id: ID,
      name: 'gh-a-1-1',
      state: 'stopped',
      ephemeral: true,
      resources: { cpuCount: 4, memorySize: 8589934592, diskSize: 68719476736 },
      network: { sshPort: 2222, natIP: null },
      uptime: null,
      lifetimeLeft: null,
      createdAt: Date.UTC(2026, 6, 30, 10),
    });
  });

  test.each([
    ['before its start', null, 3_600_000],
    ['while it runs', 600, 3_000_000],
    ['when the agent is late to power it off', 3_700, 0],
  ])('what is left of a lifetime is computed from the uptime, %s', async (_when, uptime, lifetimeLeft) => {
    // The host's clock is a year behind, which its own `expiresAt` shows.
    const json = vmAnswer({ uptime, lifetimeSeconds: 3_600, expiresAt: '2025-07-30T11:00:00Z' });
    agent.on(`GET /vms/${ID}`, { json });
    expect((await client.getVm(ID))?.lifetimeLeft).toBe(lifetimeLeft);
  });

  test('a VM that the agent does not know is null, a 404 without the agent’s envelope is a failure', async () => {
    agent.on(`GET /vms/${ID}`, refuse(404, 'NOT_FOUND')).on(`GET /vms/${ID}/state`, refuse(404, 'NOT_FOUND'));
    expect(await client.getVm(ID)).toBeNull();
    expect(await client.vmState(ID)).toBeNull();
    agent.on(`GET /vms/${ID}`, { status: 404, raw: 'nginx' });
    expect(await codeOf(client.getVm(ID))).toBe('AGENT_REQUEST_REFUSED');
  });

  test('law 14: one VM that cannot be read fails only the search for that VM', async () => {
    const rows = [
      vmAnswer({ id: 'VM-1', name: 'ours' }),
      null,
      { id: 7, name: 'lost' },
      { id: 'VM-4', name: 'x'.repeat(2_000) },
      vmAnswer({ id: 'VM-5', name: 'odd', state: 5, uptime: -1, network: { sshPort: 70_000 } }),
    ];
    agent.on('GET /vms', { json: { vms: rows, total: 5 } });
    expect((await client.listVms()).map(({ name }) => name)).toEqual(['ours', 'odd']);
    expect(await client.findVms('ours')).toHaveLength(1);
    expect(await client.findVms('odd')).toMatchObject([
      { state: 'unreadable', uptime: null, network: { sshPort: null } },
    ]);
    expect(await codeOf(client.findVms('lost'))).toBe('AGENT_ERROR');
    expect((await client.lookAtVms()).unreadable).toEqual([
      { id: null, name: null },
      { id: null, name: 'lost' },
      { id: 'VM-4', name: null },
    ]);
  });

  test.each([0, -1, 65_536, 70_000, 2 ** 53, 1e308, 2.5])(
    'A3: port %d, to which nothing can connect, is a failure of the agent',
    async (port) => {
      agent.on(`GET /vms/${ID}/ssh`, { json: { status: 'ready', port } });
      agent.on(`POST /vms/${ID}/ssh`, { json: { port } });
      expect(await codeOf(client.sshStatus(ID))).toBe('AGENT_ERROR');
      expect(await codeOf(client.enableSsh(ID))).toBe('AGENT_ERROR');
    },
  );

  test('the list is read to its last page', async () => {
    const all = Array.from({ length: 5 }, (_, n) =>
      vmAnswer({ id: `VM-${n}`, name: n % 2 ? 'odd' : 'even' }),
    );
    agent.on('GET /vms', ({ query }) => {
      const offset = Number(query.get('offset'));
      return { json: { vms: all.slice(offset, offset + 2), total: 5, limit: 2, offset } };
    });
    expect((await client.listVms()).map((vm) => vm.id)).toEqual(['VM-0', 'VM-1', 'VM-2', 'VM-3', 'VM-4']);
    expect((await client.findVms('odd')).map((vm) => vm.id)).toEqual(['VM-1', 'VM-3']);
    expect(await client.findVms('od')).toEqual([]);
  });

  test('reading a list that shrinks comes to an end', async () => {
    agent.on('GET /vms', ({ query }) => ({
      json: { vms: query.get('offset') === '0' ? [vmAnswer()] : [], total: 2, limit: 1000, offset: 0 },
    }));
    expect(await client.listVms()).toHaveLength(1);
  });

  test('a resize sends only what is set, in bytes', async () => {
    agent.on(`PATCH /vms/${ID}`, { json: vmAnswer() });
    await client.updateVm(ID, { cpuCount: 6, memorySize: 12884901888 });
    expect(agent.requests[0]?.body).toEqual({ resources: { cpuCount: 6, memorySize: 12884901888 } });
  });

  test('a clone sends name, sizes in bytes, ephemeral and lifetime in one call, and leaves out a lifetime of null', async () => {
    agent.on(`POST /vms/${ID}/clone`, { status: 201, json: vmAnswer({ name: 'copy' }) });
    const spec = { name: 'copy', resources: { cpuCount: 6 }, ephemeral: true };
    expect((await client.cloneVm(ID, { ...spec, lifetimeSeconds: 60 })).name).toBe('copy');
    await client.cloneVm(ID, { ...spec, lifetimeSeconds: null });
    expect(agent.requests.map(({ body }) => body)).toEqual([{ ...spec, lifetimeSeconds: 60 }, spec]);
    expect(agent.requests[0]?.query.has('force')).toBe(false);
  });

  test('a rename sends only the name', async () => {
    agent.on(`PATCH /vms/${ID}`, { json: vmAnswer({ name: 'new' }) });
    expect((await client.renameVm(ID, 'new')).name).toBe('new');
    expect(agent.requests[0]?.body).toEqual({ name: 'new' });
  });

  test('whether an agent can clone is asked with a call that can clone nothing', async () => {
    const route = 'POST /vms/00000000-0000-0000-0000-000000000000/clone';
    expect(await client.offersClone()).toBe(false);
    expect(agent.requests[0]).toMatchObject({ method: 'POST', body: {} });
    agent.on(route, refuse(405, 'METHOD_NOT_ALLOWED'));
    expect(await client.offersClone()).toBe(false);
    agent.on(route, refuse(400, 'INVALID_REQUEST'));
    expect(await client.offersClone()).toBe(true);
    agent.on(route, refuse(503, 'MAINTENANCE_IN_PROGRESS'));
    expect(await codeOf(client.offersClone())).toBe('HOST_MAINTENANCE');
  });

  test.each([
    [405, 'METHOD_NOT_ALLOWED', false, 0],
    [404, 'NOT_FOUND', false, 0],
    [503, 'MAINTENANCE_IN_PROGRESS', true, 1],
  ])(
    'an agent that answers %i %s to what changes nothing is in maintenance: %s',
    async (status, code, expected, times) => {
      let told = 0;
      client.whenInMaintenance(() => {
        told += 1;
      });
      agent.on('POST /auth/verify', refuse(status, code));
      expect([await client.isInMaintenance(), told]).toEqual([expected, times]);
      expect(agent.requests[0]?.headers['content-length']).toBe('0');
    },
  );

  test('whether an agent is in maintenance is unknown when it does not answer', async () => {
    agent.on('POST /auth/verify', refuse(500, 'INTERNAL_ERROR'));
    expect(await codeOf(client.isInMaintenance())).toBe('AGENT_ERROR');
  });

  test('a start sends no body and returns the VM', async () => {
    agent.on(`POST /vms/${ID}/start`, { json: vmAnswer({ state: 'running', uptime: 0 }) });
    expect((await client.startVm(ID)).state).toBe('running');
    expect(agent.requests[0]?.headers['content-length']).toBe('0');
  });

  test('a start without a free slot is blocked, not failed', async () => {
    agent.on(`POST /vms/${ID}/start`, refuse(409, 'VM_LIMIT_REACHED'));
    expect(await codeOf(client.startVm(ID))).toBe('VM_LIMIT_REACHED');
  });

  test('a deletion is forced; a VM that is gone already is absent, and one that is busy is a failure', async () => {
    agent.on(`DELETE /vms/${ID}`, { status: 204 });
    expect(await client.deleteVm(ID)).toBe('deleted');
    expect(agent.requests[0]?.query.get('force')).toBe('true');
    agent.on(`DELETE /vms/${ID}`, refuse(404, 'NOT_FOUND'));
    expect(await client.deleteVm(ID)).toBe('absent');
    agent.on(`DELETE /vms/${ID}`, refuse(409, 'INVALID_STATE'));
    expect(await codeOf(client.deleteVm(ID))).toBe('VM_BUSY');
  });
});

describe('SSH forwarding', () => {
  test('a forwarding that does not exist yet is a status, an unknown VM is a failure', async () => {
    agent.on(`GET /vms/${ID}/ssh`, refuse(404, 'SSH_NOT_CONFIGURED'));
    expect(await client.sshStatus(ID)).toEqual({ status: 'not-configured', address: null });
    agent.on(`GET /vms/${ID}/ssh`, { json: { host: '127.0.0.1', port: 2222, status: 'ready' } });
    expect(await client.sshStatus(ID)).toEqual({
      status: 'ready',
      address: { host: '127.0.0.1', port: 2222 },
    });
    agent.on(`GET /vms/${ID}/ssh`, refuse(404, 'NOT_FOUND'));
    expect(await codeOf(client.sshStatus(ID))).toBe('VM_NOT_FOUND');
  });

  test('enabling SSH before the guest has an address fails as not ready', async () => {
    agent.on(`POST /vms/${ID}/ssh`, refuse(409, 'SSH_ENABLE_FAILED'));
    expect(await codeOf(client.enableSsh(ID))).toBe('SSH_NOT_READY');
    agent.on(`POST /vms/${ID}/ssh`, { json: { host: '127.0.0.1', port: 2223, status: 'ready' } });
    expect(await client.enableSsh(ID)).toEqual({ host: '127.0.0.1', port: 2223 });
  });

  test('whether the agent forwards by itself is read from its config', async () => {
    agent.on('GET /config', { json: { api: {}, networking: { autoEnableSSHForwarding: false } } });
    expect(await client.forwardsSshAutomatically()).toBe(false);
  });

  test('disabling SSH ignores a VM that is gone or busy, and fails for every other reason', async () => {
    agent.on(`DELETE /vms/${ID}/ssh`, { json: { host: '127.0.0.1', status: 'disabled' } });
    await client.disableSsh(ID);
    agent.on(`DELETE /vms/${ID}/ssh`, refuse(404, 'NOT_FOUND'));
    await client.disableSsh(ID);
    agent.on(`DELETE /vms/${ID}/ssh`, refuse(409, 'INVALID_STATE'));
    await client.disableSsh(ID);
    agent.on(`DELETE /vms/${ID}/ssh`, refuse(500, 'SSH_DISABLE_FAILED'));
    expect(await codeOf(client.disableSsh(ID))).toBe('AGENT_ERROR');
  });

  test.each([
    ['http://127.0.0.1:8011/v1', '127.0.0.1'],
    ['http://localhost:8011/v1', '127.0.0.1'],
    ['http://mac-2.lan:8011/v1', 'mac-2.lan'],
    ['http://[fd00::1]:8011/v1', 'fd00::1'],
  ])("a port that the agent at %s forwards is reached at the agent's machine", async (baseUrl, host) => {
    const bytes = new TextEncoder().encode('{"status": "ready", "host": "127.0.0.1", "port": 2222}');
    const sender = { send: async () => ({ status: 200, bytes }), close: async () => undefined };
    const there = new AgentClient({ name: 'mac-2', baseUrl, token: TOKEN, sender });
    const address = { host, port: 2222 };
    expect(await there.sshStatus(ID)).toEqual({ status: 'ready', address });
    expect(await there.enableSsh(ID)).toEqual(address);
  });
});
