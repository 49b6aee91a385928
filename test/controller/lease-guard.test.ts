import { expect, test, vi } from 'vitest';
import { realPorts } from '../../src/controller/outside/ports.ts';
import { LeaseGuard } from '../../src/controller/replica/lease-guard.ts';

/** The ports behind a guard, whose lease the test decides, and what was sent through them. */
function guarded() {
  const lease = { isHeld: vi.fn(() => true), confirm: vi.fn(async () => true), lose: vi.fn() };
  const sent: string[] = [];
  const hanging = new Promise<never>(() => undefined);
  const guard = new LeaseGuard();
  const ports = guard.ports({
    ...realPorts,
    agentSender: () => ({
      send: async ({ method, url, signal }) => {
        sent.push(`${method} ${url}`);
        if (!url.endsWith('/hangs')) return { status: 200, bytes: new Uint8Array() };
        return Promise.race([
          hanging,
          new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ]);
      },
      close: () => Promise.resolve(),
    }),
    fetch: async (input, init) => {
      sent.push(`${init?.method ?? 'GET'} ${input}`);
      return new Response();
    },
    openGuest: async () => ({
      hostKey: '',
      run: async (script) => {
        sent.push(`ssh ${script}`);
        return { code: 0, signal: null, stdout: '', stderr: '' };
      },
      isOpen: () => true,
      close: () => undefined,
    }),
  });
  const agent = ports.agentSender();
  const message = { headers: {}, body: null, maxBytes: 1, signal: new AbortController().signal };
  const toAgent = (method: string, url: string) => agent.send({ ...message, method, url });
  return { guard, lease, ports, sent, toAgent };
}

const REFUSED = /not the active one/;
const guest = {} as Parameters<(typeof realPorts)['openGuest']>[0];

test('nothing is sent before there is a lease', async () => {
  const { ports, sent, toAgent } = guarded();
  await expect(toAgent('GET', '/vms')).rejects.toThrow(REFUSED);
  await expect(ports.fetch('https://github.test')).rejects.toThrow(REFUSED);
  await expect(ports.openGuest(guest)).rejects.toThrow(REFUSED);
  expect(sent).toEqual([]);
});

test('a request that changes something asks the database for the epoch directly before it; one that reads does not', async () => {
  const { guard, lease, ports, sent, toAgent } = guarded();
  guard.open(lease);
  await toAgent('GET', '/vms');
  await ports.fetch('https://github.test/jobs', { method: 'GET' });
  const login = await ports.openGuest(guest);
  expect(lease.confirm).toHaveBeenCalledTimes(0);
  await toAgent('POST', '/vms');
  await toAgent('DELETE', '/vms/1');
  await ports.fetch('https://github.test/runners/1', { method: 'DELETE' });
  await login.run('launch');
  expect(lease.confirm).toHaveBeenCalledTimes(4);
  expect(sent).toHaveLength(6);
});

test('a request through a proxy of the environment passes the guard, too', async () => {
  const { guard, lease, ports } = guarded();
  const proxy = ports.proxyFor('https://api.github.test', { HTTPS_PROXY: 'http://127.0.0.1:9' });
  await expect(proxy?.fetch('https://api.github.test')).rejects.toThrow(REFUSED);
  guard.open(lease);
  lease.isHeld.mockReturnValue(false);
  await expect(proxy?.fetch('https://api.github.test')).rejects.toThrow(REFUSED);
});

test('nothing is sent when the lease has ended while the epoch was asked for', async () => {
  const { guard, lease, sent, toAgent } = guarded();
  guard.open(lease);
  lease.confirm.mockImplementation(async () => {
    lease.isHeld.mockReturnValue(false);
    return false;
  });
  await expect(toAgent('POST', '/vms')).rejects.toThrow(REFUSED);
  expect(sent).toEqual([]);
});

test('a lease that a request finds ended is lost before the request fails, so that no actor takes it for a failure of its host', async () => {
  const { guard, lease, toAgent } = guarded();
  guard.open(lease);
  await toAgent('GET', '/vms');
  expect(lease.lose).not.toHaveBeenCalled();
  lease.isHeld.mockReturnValue(false);
  const told: string[] = [];
  lease.lose.mockImplementation(() => told.push('lost'));
  await toAgent('GET', '/vms').catch(() => told.push('refused'));
  expect(told).toEqual(['lost', 'refused']);
});

test('a request is asked once more whether it may leave, when its connection is made', async () => {
  const lease = { isHeld: vi.fn(() => true), confirm: vi.fn(async () => true), lose: vi.fn() };
  const guard = new LeaseGuard();
  let mayLeave = (): boolean => true;
  const agentSender = (asked = mayLeave) => {
    mayLeave = asked;
    return { send: vi.fn(), close: vi.fn() };
  };
  guard.ports({ ...realPorts, agentSender }).agentSender();
  guard.open(lease);
  expect(mayLeave()).toBe(true);
  lease.isHeld.mockReturnValue(false);
  expect(mayLeave()).toBe(false);
  expect(lease.lose.mock.calls).toEqual([['notRenewed']]);
});

test('a login is not begun when the lease has ended while its address was asked for', async () => {
  const lease = { isHeld: vi.fn(() => true), confirm: vi.fn(async () => true), lose: vi.fn() };
  const leaseGuard = new LeaseGuard();
  const logIn = vi.fn();
  const openGuest: (typeof realPorts)['openGuest'] = async (options) => {
    await options.address();
    return logIn();
  };
  const ports = leaseGuard.ports({ ...realPorts, openGuest });
  leaseGuard.open(lease);
  const address = async () => {
    lease.isHeld.mockReturnValue(false);
    return { host: 'mac-1', port: 22 };
  };
  await expect(ports.openGuest({ ...guest, address })).rejects.toThrow(REFUSED);
  expect(logIn).not.toHaveBeenCalled();
});

test('requests under way are given up when the guard closes, and no other one is sent', async () => {
  const { guard, lease, sent, toAgent } = guarded();
  guard.open(lease);
  const underWay = toAgent('GET', '/hangs');
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  guard.close();
  await expect(underWay).rejects.toThrow(REFUSED);
  await expect(toAgent('GET', '/vms')).rejects.toThrow(REFUSED);
  expect(sent).toHaveLength(1);
});
