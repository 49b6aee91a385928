import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { ConfigError } from '../../src/config/config-error.ts';
import { type Listener, listen } from '../../src/http/listen.ts';

const KEY = 'controller.webhook_listen';
const app = new Hono();
app.get('/', (c) => c.text('here'));
app.get('/stream', (c) =>
  streamSSE(c, async (stream) => {
    await stream.writeSSE({ data: 'first' });
    await new Promise((resolve) => stream.onAbort(() => resolve(null)));
  }),
);

const open: Listener[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const listener of open.splice(0)) await listener.close();
});

async function listening(host = '127.0.0.1', port = 0): Promise<Listener> {
  const listener = await listen(app, { host, port }, KEY);
  open.push(listener);
  return listener;
}

/** Resolves when the connection is over, cut or ended. */
const endOf = (socket: Socket) => {
  socket.on('error', () => undefined);
  return new Promise<void>((resolve) => socket.once('close', () => resolve()));
};

const portOf = ({ url }: Listener) => Number(new URL(url).port);

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);

describe('a listener', () => {
  test.each(['127.0.0.1', '0.0.0.0', 'localhost'])(
    'answers at the URL that it names, on %s',
    async (host) => {
      const { url } = await listening(host);
      expect(await (await fetch(url)).text()).toBe('here');
    },
  );

  test.skipIf(!hasIpv6)(
    `serves on ::1 too${hasIpv6 ? '' : ' (skipped: this machine has no IPv6)'}`,
    async () => {
      const { url } = await listening('::1');
      expect(url).toMatch(/^http:\/\/\[::1\]:\d+$/);
      expect(await (await fetch(url)).text()).toBe('here');
    },
  );

  test('on an address in use fails with the key and the fix', async () => {
    const port = portOf(await listening());
    const error = await listening('127.0.0.1', port).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).problems).toEqual([
      {
        path: KEY,
        message: `cannot listen on 127.0.0.1:${port}: another process listens there. Choose another address.`,
      },
    ]);
  });

  test('on an address of another machine fails with the key', async () => {
    await expect(listening('203.0.113.7', 0)).rejects.toThrow(
      /^controller.webhook_listen: cannot listen on 203/,
    );
  });

  test('frees its address when it closes', async () => {
    const listener = await listening();
    await listener.close();
    const again = createServer();
    await new Promise<void>((resolve) => again.listen(portOf(listener), '127.0.0.1', resolve));
    await new Promise((resolve) => again.close(resolve));
  });

  test('closes at once although a client keeps an idle connection', async () => {
    const listener = await listening();
    const socket = connect(portOf(listener), '127.0.0.1');
    const ended = endOf(socket);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(socket, 'data');
    // The time after which connections are cut is never reached.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await listener.close();
    await ended;
  });

  test.each([
    ['a stream without end', 'GET /stream HTTP/1.1\r\nhost: x\r\n\r\n', true],
    ['a request that never came to its end', 'GET / HTTP/1.1\r\nhost:', false],
    ['a body that never came', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n', true],
  ])('closes despite %s', async (_name, request, hasAnswer) => {
    const listener = await listening();
    const socket = connect(portOf(listener), '127.0.0.1');
    const ended = endOf(socket);
    await once(socket, 'connect');
    socket.write(request);
    if (hasAnswer) await once(socket, 'data');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const closed = listener.close();
    await vi.advanceTimersByTimeAsync(2_000);
    await closed;
    await ended;
  });
});
