import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { AgentClient } from '../../src/agent/agent-client.ts';
import { httpAgentSender } from '../../src/agent/agent-sender.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { connectGuest } from '../../src/effects/guest/connect-guest.ts';
import { forwardedAddress } from '../../src/effects/guest/forwarded-address.ts';
import { probeGuest } from '../../src/effects/guest/probe-guest.ts';
import { withGuest } from '../../src/effects/guest/with-guest.ts';
import { createVm } from '../../src/effects/vm/create-vm.ts';
import { startVm } from '../../src/effects/vm/start-vm.ts';
import type { BootPlan } from '../../src/simulator/agent/boot-plan.ts';
import { TOKEN } from '../simulator/agent/agent-fixture.ts';
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
import type { ShiftedClock } from './shifted-clock.ts';

async function booted(plan: BootPlan = {}, options: EffectFixtureOptions = {}) {
  const given = await effectFixture(options);
  const { host, mac } = given;
  const boot = async (name = 'gh-t-7-1', bootPlan = plan) => {
    mac.faults.add({ route: `guest boot ${name}`, body: bootPlan, times: 1 });
    const { vmId } = await createVm.run(given.world, { host, vmName: name, profile: LABEL }, STAYS, STORED);
    await startVm.run(given.world, { host, vmId }, STAYS, STORED);
    return vmId;
  };
  const vmId = await boot();
  // A silent port takes this whole time.
  const world = { ...given.world, guest: { ...given.world.guest, connectTimeout: 2_000 } };
  const connect = (id = vmId, hostKey: string | null = null) =>
    connectGuest.run(world, { host, vmId: id, hostKey }, STAYS);
  return {
    ...given,
    world,
    vmId,
    boot,
    connect,
    /** Connects as soon as the agent's own forwarding is ready. */
    connected: () => vi.waitFor(() => connect(), { timeout: 10_000, interval: 20 }),
    enables: given.counted('POST /vms/:id/ssh'),
    letMacRun: (ms: number) => (mac.world.clock as ShiftedClock).advance(ms),
    probe: async () => probeGuest.run(world, { host, vmId, ...(await connect()) }, STAYS, STORED),
  };
}

describe('a guest is reached', () => {
  test('over the agent’s automatic forwarding, as often as it is asked for, and nothing is enabled', async () => {
    const at = await booted();
    const first = await at.connected();
    expect(first.address).toEqual({ host: '127.0.0.1', port: at.vm(at.vmId).power?.forward?.port });
    expect(first.hostKey).toMatch(/^[A-Za-z0-9+/=]{40,}$/);
    expect(await at.connect(at.vmId, first.hostKey)).toEqual(first);
    expect(at.enables.hits).toBe(0);
  });

  test('over forwarding that is enabled once when the agent does not forward by itself', async () => {
    const at = await booted({}, { mac: { autoEnableSshForwarding: false } });
    await at.connected();
    await at.connect();
    expect(at.enables.hits).toBe(1);
  });

  test('over forwarding that is enabled again when its port does not listen any more', async () => {
    const at = await booted();
    await at.connected();
    await at.vm(at.vmId).power?.forward?.close();
    await at.connect();
    expect(at.enables.hits).toBe(1);
  });

  test('over forwarding that is enabled only when the agent’s own search for the address must have failed', async () => {
    const at = await booted({ natMs: 400 });
    await at.vm(at.vmId).power?.network.done;
    await expect(at.connect()).rejects.toMatchObject(failing('SSH_NOT_READY', { disposition: 'retry' }));
    expect(at.enables.hits).toBe(0);
    at.letMacRun(81_000);
    await at.connect();
    expect(at.enables.hits).toBe(1);
  });

  test('in a later try when it has no address yet', async () => {
    const at = await booted({ natMs: 'never' });
    await at.vm(at.vmId).power?.network.done;
    at.letMacRun(81_000);
    await expect(at.connect()).rejects.toMatchObject(failing('SSH_NOT_READY', { disposition: 'retry' }));
  });

  test('even while the record of the VM still says stopped', async () => {
    const at = await booted({ natMs: 40 }, { mac: { latencies: { persistence: 60_000, natSearch: 500 } } });
    const early = await at.connect().catch((error: unknown) => error);
    if (early instanceof Error) expect(early).toMatchObject({ failure: { disposition: 'retry' } });
    await at.connected();
  });

  test('at the host name of the agent’s URL, although the agent calls its own machine 127.0.0.1', async () => {
    const at = await booted();
    await at.connected();
    const { send, close } = httpAgentSender();
    onTestFinished(close);
    const here = at.world.agent(at.host).baseUrl;
    /** The same agent, known to the client by another address. */
    const remote = (baseUrl: string): EffectWorld => ({
      ...at.world,
      agent: (name) =>
        new AgentClient({
          name,
          baseUrl,
          token: TOKEN,
          sender: { send: (message) => send({ ...message, url: message.url.replace(baseUrl, here) }), close },
        }),
    });
    const port = at.vm(at.vmId).power?.forward?.port;
    const address = (baseUrl: string) => forwardedAddress(remote(baseUrl), at.host, at.vmId, STAYS);
    expect(await address('http://mini.example.net:8011/v1')).toEqual({ host: 'mini.example.net', port });
    expect(await address('http://[fd00::7]:8011/v1')).toEqual({ host: 'fd00::7', port });
    expect(await address('http://localhost:8011/v1')).toEqual({ host: '127.0.0.1', port });
  });
});

describe('a guest that is reached is the VM’s own', () => {
  /** Two VMs whose guests have different host keys. */
  async function two() {
    const at = await booted({ makesHostKeys: 1 });
    const first = await at.connected();
    const other = await at.boot('gh-t-8-1', { makesHostKeys: 1 });
    const otherAddress = (await vi.waitFor(() => at.connect(other), { timeout: 10_000 })).address;
    const home = (hostKey = first.hostKey) =>
      withGuest(at.world, { host: at.host, vmId: at.vmId, hostKey }, STAYS, async ({ session }) =>
        (await session.run('echo $HOME')).stdout.trim(),
      );
    return { at, first, otherAddress, home };
  }

  test('since its address is read from the agent before each use', async () => {
    const { at, first, otherAddress } = await two();
    const asked = at.counted('GET /vms/:id/ssh');
    const input = { host: at.host, vmId: at.vmId, hostKey: first.hostKey, address: otherAddress };
    await probeGuest.run(at.world, input, STAYS, STORED);
    expect(asked.hits).toBe(1);
  });

  test('even when the port went to another VM: the agent is asked again, and no command runs in that VM', async () => {
    const { at, otherAddress, home } = await two();
    const expected = await home();
    const stale = { host: '127.0.0.1', port: otherAddress.port, status: 'ready' };
    at.mac.faults.add({ route: 'GET /vms/:id/ssh', status: 200, body: stale, times: 1 });
    expect(await home()).toBe(expected);
    at.mac.faults.add({ route: 'GET /vms/:id/ssh', status: 200, body: stale, times: 1 });
    await expect(home('a key that neither has')).rejects.toMatchObject(
      failing('GUEST_IDENTITY_CHANGED', { disposition: 'giveUp' }),
    );
  });

  test('even when it makes its host keys during the first connections: no later login is refused', async () => {
    const at = await booted({ makesHostKeys: 6 });
    const { hostKey } = await at.connected();
    const run = () =>
      withGuest(at.world, { host: at.host, vmId: at.vmId, hostKey }, STAYS, ({ session }) =>
        session.run('true'),
      );
    for (let n = 0; n < 6; n += 1) expect(await run()).toMatchObject({ code: 0 });
  });
});

describe('a guest is not reached', () => {
  test('when its port accepts connections and stays silent', async () => {
    const at = await booted({ sshdMs: 'never' });
    await vi.waitFor(() => expect(at.vm(at.vmId).power?.forward?.listening).toBe(true));
    await expect(at.connect()).rejects.toMatchObject(
      failing('GUEST_UNREACHABLE', {
        disposition: 'retry',
        message: expect.stringContaining('no SSH banner came'),
      }),
    );
  });

  test('when it refuses the login, and the image is to blame', async () => {
    const at = await booted({ refuseLogin: true });
    await vi.waitFor(
      () => expect(at.connect()).rejects.toMatchObject(failing('GUEST_LOGIN_REFUSED', { blame: 'image' })),
      { timeout: 10_000 },
    );
  });

  test('when its VM is gone or has ended by itself', async () => {
    const at = await booted({ natMs: 'never' });
    const { vms } = at.mac.world;
    const vm = at.vm(at.vmId);
    vm.state = 'error';
    await expect(at.connect()).rejects.toMatchObject(failing('VM_VANISHED', { disposition: 'giveUp' }));
    vm.state = 'running';
    vms.delete(at.vmId);
    await expect(at.connect()).rejects.toMatchObject(failing('VM_NOT_FOUND', { disposition: 'giveUp' }));
    vms.set(at.vmId, vm);
  });
});

describe('the probe of a guest', () => {
  test('finds everything that a runner needs, and the runner’s version', async () => {
    const at = await booted({}, { guests: { runnerVersion: '2.345.6' } });
    await at.connected();
    expect(await at.probe()).toEqual({ runnerVersion: '2.345.6' });
    expect(await at.probe()).toEqual({ runnerVersion: '2.345.6' });
  });

  test.each([
    [['run.sh']],
    [['config.sh']],
    [['bash']],
    [['git']],
    [['run.sh', 'config.sh', 'bash', 'git']],
  ] as const)('names exactly %s when that is missing', async (missing) => {
    const at = await booted({ missingTools: [...missing] });
    await at.connected();
    const probed = await at.probe().catch((error: unknown) => error);
    expect(probed).toMatchObject(failing('GUEST_TOOL_MISSING', { blame: 'image', disposition: 'giveUp' }));
    expect((probed as Error).message).toContain(`The guest lacks ${missing.join(', ')}.`);
  });

  test.each([
    [-3_600, 'GUEST_CLOCK_WRONG'],
    [330, 'GUEST_CLOCK_WRONG'],
    [240, null],
  ])('of a guest whose clock is %i s off has the failure %s', async (clockSkewSeconds, code) => {
    const at = await booted({ clockSkewSeconds });
    await at.connected();
    const probed = await at.probe().catch((error: unknown) => error);
    expect(probed).toMatchObject(code === null ? { runnerVersion: '2.336.0' } : failing(code));
  });

  test('compares the guest’s clock with GitHub’s, since ours may be the wrong one', async () => {
    const at = await booted();
    await at.connected();
    at.clock.advance(2 * 3_600_000);
    await at.world.github.listRunners({ kind: 'repository', owner: OWNER, repository: REPOSITORY });
    expect(await at.probe()).toEqual({ runnerVersion: '2.336.0' });
  });
});
