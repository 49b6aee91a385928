import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { IMAGE, servedWorld, TOKEN } from '../simulator/agent/agent-fixture.ts';

const GIB = 1024 ** 3;

describe('the client against the simulated agent', () => {
  let mac: Awaited<ReturnType<typeof servedWorld>>;
  let client: AgentClient;

  beforeEach(async () => {
    mac = await servedWorld();
    client = new AgentClient({ name: 'mac-1', baseUrl: mac.server.url, token: TOKEN });
  });

  afterEach(async () => {
    await client.close();
    await mac[Symbol.asyncDispose]();
  });

  const create = (name: string) =>
    client.createVm({ name, image: IMAGE, ephemeral: true, lifetimeSeconds: 3600 });
  const failsWith = (code: string) => ({ failure: { code } });

  test('health, capabilities, config and token of a host are read', async () => {
    expect(await client.health()).toMatchObject({ status: 'healthy', vmsTotal: 0, vmsRunning: 0 });
    await client.verifyToken();
    const { maxConcurrentVMs, features } = await client.capabilities();
    expect(maxConcurrentVMs).toBe(2);
    expect(features).toContainEqual({ id: 'natNetworking', usable: true, reason: null });
    expect(await client.forwardsSshAutomatically()).toBe(true);
    const stranger = new AgentClient({ name: 'mac-1', baseUrl: mac.server.url, token: 'wrong-token' });
    await expect(stranger.verifyToken()).rejects.toMatchObject(failsWith('AGENT_TOKEN_REFUSED'));
    await stranger.close();
  });

  test('a VM is renamed and cloned, and a clone needs no image', async () => {
    expect(await client.offersClone()).toBe(true);
    const { id } = await create('unfinished');
    await client.renameVm(id, 'base');
    mac.world.images.local.clear();
    const resources = { cpuCount: 6, diskSize: 128 * GIB };
    const spec = { name: 'gh-a-1-1', resources, ephemeral: true, lifetimeSeconds: 60 };
    const copy = await client.cloneVm(id, spec);
    expect(copy).toMatchObject({
      name: 'gh-a-1-1',
      state: 'stopped',
      ephemeral: true,
      lifetimeLeft: 60_000,
      resources,
    });
    expect((await client.listVms()).map(({ name }) => name).sort()).toEqual(['base', 'gh-a-1-1']);
    await client.startVm(id);
    await expect(client.cloneVm(id, spec)).rejects.toMatchObject(failsWith('VM_BUSY'));
    await expect(
      client.cloneVm(
        copy.id.replace(/./g, (c) => (c === '-' ? c : '1')),
        spec,
      ),
    ).rejects.toMatchObject(failsWith('VM_NOT_FOUND'));
  });

  test('an image is pulled, a VM made of it, sized, started, reached, and deleted', async () => {
    const { operationId } = await client.pullImage(IMAGE, { timeoutSeconds: 60 });
    await vi.waitFor(async () =>
      expect(await client.pullOperation(operationId)).toMatchObject({ status: 'completed', progress: 1 }),
    );
    expect(await client.activePulls()).toEqual([]);
    expect(await client.listImages()).toHaveLength(1);

    const { id, resources } = await create('gh-a-1-1');
    expect(await client.findVms('gh-a-1-1')).toMatchObject([{ id, state: 'stopped', ephemeral: true }]);
    const diskSize = resources.diskSize + GIB;
    const wanted = { cpuCount: 6, memorySize: 12 * GIB, diskSize };
    expect((await client.updateVm(id, wanted)).resources).toEqual(wanted);
    await expect(client.updateVm(id, { diskSize: 20 * GIB })).rejects.toMatchObject(
      failsWith('VM_RESIZE_FAILED'),
    );

    expect((await client.startVm(id)).state).toBe('running');
    expect(await client.vmState(id)).toBe('running');
    await vi.waitFor(async () => expect(await client.sshStatus(id)).toMatchObject({ status: 'ready' }));
    const { address } = await client.sshStatus(id);
    expect(await client.enableSsh(id)).toEqual(address);
    mac.memory.answer({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    const run = { command: 'echo hello', user: 'admin', password: 'admin', timeoutSeconds: 5 };
    expect(await client.execute(id, run)).toEqual({ exitCode: 0, stdout: 'hello\n', stderr: '' });
    expect(
      Buffer.from(await client.screenshot(id))
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect((await client.getVm(id))?.lifetimeLeft).toBeGreaterThan(0);
    expect((await client.listEvents(id, { limit: 100 })).map((event) => event.type)).toContain('VM_RUNNING');

    await client.disableSsh(id);
    expect(await client.deleteVm(id)).toBe('deleted');
    expect(await client.deleteVm(id)).toBe('absent');
    expect(await client.getVm(id)).toBeNull();
    expect(await client.vmState(id)).toBeNull();
    await client.disableSsh(id);
  });

  test('a third VM waits for a slot, which a deletion frees at once', async () => {
    const ids = [];
    for (const name of ['a', 'b', 'c']) ids.push((await create(name)).id);
    const [a = '', b = '', c = ''] = ids;
    await client.startVm(a);
    await client.startVm(b);
    await expect(client.startVm(c)).rejects.toMatchObject(failsWith('VM_LIMIT_REACHED'));
    await client.deleteVm(a);
    expect((await client.startVm(c)).state).toBe('running');
  });

  test('an image reference that does not parse fails as ours, a registry that is down as its own', async () => {
    const spec = { name: 'x', ephemeral: true, lifetimeSeconds: null };
    await expect(client.createVm({ ...spec, image: 'NOT AN IMAGE' })).rejects.toMatchObject(
      failsWith('AGENT_REQUEST_REFUSED'),
    );
    await expect(client.pullImage('NOT AN IMAGE', { timeoutSeconds: 60 })).rejects.toMatchObject(
      failsWith('IMAGE_INVALID'),
    );
    mac.faults.add({ route: 'POST /vms', status: 503, code: 'IMAGE_PULL_FAILED', times: 1 });
    await expect(create('x')).rejects.toMatchObject(failsWith('REGISTRY_UNREACHABLE'));
  });

  test('a create whose response is lost fails as an unreachable host, and its VM is found by name', async () => {
    mac.faults.add({ route: 'POST /vms', drop: 'after', times: 1 });
    await expect(create('gh-a-2-1')).rejects.toMatchObject(failsWith('HOST_UNREACHABLE'));
    await vi.waitFor(async () => expect(await client.findVms('gh-a-2-1')).toHaveLength(1));
  });

  test('an agent that restarts is unreachable and then back, with a smaller uptime and no pulls', async () => {
    const { operationId } = await client.pullImage(IMAGE, { timeoutSeconds: 60 });
    const restarted = mac.server.restart('crash', 50);
    await expect(client.health()).rejects.toMatchObject(failsWith('HOST_UNREACHABLE'));
    await restarted;
    expect((await client.health()).uptime).toBeLessThan(5);
    expect(await client.pullOperation(operationId)).toBeNull();
  });
});
