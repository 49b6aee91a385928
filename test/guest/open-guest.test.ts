import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { DaemonError } from '../../src/errors.ts';
import { loginFailure } from '../../src/guest/guest-failure.ts';
import { type GuestOptions, openGuest } from '../../src/guest/open-guest.ts';

const TARGET = { host: '127.0.0.1', port: 2222, user: 'admin' };

describe('a port behind which no guest is ready', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server?.close();
  });

  async function failureBehind(
    answer: (socket: Socket) => void,
    more: Partial<GuestOptions> = {},
  ): Promise<DaemonError> {
    server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      answer(socket);
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    return openGuest({
      vmId: 'vm',
      address: async () => ({ host: '127.0.0.1', port }),
      user: 'admin',
      password: 'admin',
      connectTimeoutMs: 300,
      hostKey: null,
      ...more,
    }).then(
      () => {
        throw new Error('somebody answered');
      },
      (error: DaemonError) => error,
    );
  }

  test('is unreachable after the time limit when it accepts and stays silent, as a port forward does', async () => {
    const error = await failureBehind(() => {});
    expect(error.failure.code).toBe('GUEST_UNREACHABLE');
    expect(error.message).toContain('no SSH banner came');
  });

  test.each<[string, (socket: Socket) => void]>([
    ['hangs up', (socket) => socket.end()],
    ['is reset', (socket) => socket.resetAndDestroy()],
    ['speaks another protocol', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['has too many logins', (socket) => socket.write('Exceeded MaxStartups\r\n')],
    ['talks without end', (socket) => socket.write('x'.repeat(10_000))],
    ['shows a banner and then stays silent', (socket) => socket.write('SSH-2.0-late\r\n')],
    ['shows a banner and hangs up', (socket) => socket.end('SSH-2.0-late\r\n')],
  ])('is unreachable when it %s', async (_, answer) => {
    expect((await failureBehind(answer)).failure.code).toBe('GUEST_UNREACHABLE');
  });

  test('is unreachable when nothing listens', async () => {
    const options = { vmId: 'vm', user: 'admin', password: 'admin', connectTimeoutMs: 300, hostKey: null };
    await expect(
      openGuest({ ...options, address: async () => ({ host: '127.0.0.1', port: 1 }) }),
    ).rejects.toMatchObject({
      failure: { code: 'GUEST_UNREACHABLE', disposition: 'retry' },
    });
  });

  test('is given up as soon as the caller aborts, before and after the banner', async () => {
    for (const said of ['', 'SSH-2.0-late\r\n']) {
      const control = new AbortController();
      const reason = new Error('left the state');
      const failed = failureBehind(
        (socket) => {
          socket.write(said, () => control.abort(reason));
        },
        { signal: control.signal, connectTimeoutMs: 20_000 },
      );
      expect(await failed).toBe(reason);
    }
  });
});

test('a key that cannot be read is a refused login, and the message does not repeat it', async () => {
  const server = createServer((socket) => socket.write('SSH-2.0-x\r\n'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const privateKey = '-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n';
  const address = async () => ({ host: '127.0.0.1', port });
  const error: unknown = await openGuest({
    vmId: 'vm',
    address,
    user: 'admin',
    privateKey,
    connectTimeoutMs: 20_000,
    hostKey: null,
  }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ failure: { code: 'GUEST_LOGIN_REFUSED' } });
  expect(String(error)).not.toContain('c2VjcmV0');
  server.close();
});

test.each([
  [undefined, 'All configured authentication methods failed', 'GUEST_LOGIN_REFUSED'],
  ['client-authentication', 'x', 'GUEST_LOGIN_REFUSED'],
  [undefined, 'Too many authentication failures', 'GUEST_LOGIN_REFUSED'],
  ['client-socket', 'connect ECONNREFUSED', 'GUEST_UNREACHABLE'],
  ['client-timeout', 'Timed out while waiting for handshake', 'GUEST_UNREACHABLE'],
  ['protocol', 'Invalid identification string', 'GUEST_UNREACHABLE'],
  ['handshake', 'no matching key exchange algorithm', 'GUEST_UNREACHABLE'],
])('an error of level %s, "%s", is %s', (level, message, code) => {
  expect(loginFailure(Object.assign(new Error(message), { level }), TARGET).failure.code).toBe(code);
});
