import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Listener, listen } from '../../src/http/listen.ts';

const MB = 1024 * 1024;
/** More bytes than the sockets of both sides can buffer. */
const IN_BUFFERS = 32 * MB;
const MOST_BYTES = 32 * MB;
const LINGER_TIMEOUT = 2_000;
const CHECK_INTERVAL = 20;
const refused = 'that is too much';

const app = new Hono<{ Bindings: HttpBindings }>();
let requests = 0;
app.use(async (_c, next) => {
  requests += 1;
  await next();
});
app.post('/at-once', (c) => c.text(refused, 413, { connection: 'close' }));
app.post('/in-the-middle', async (c) => {
  await new Promise((resolve) => c.env.incoming.once('data', resolve));
  return c.text(refused, 413, { connection: 'close' });
});
app.post('/whole', async (c) =>
  c.text(`${(await c.req.arrayBuffer()).byteLength}`, { headers: { connection: 'close' } }),
);

let listener: Listener;
beforeEach(async () => {
  requests = 0;
  listener = await listen(app as unknown as Hono, { host: '127.0.0.1', port: 0 }, 'admin.listen');
});
afterEach(async () => {
  vi.useRealTimers();
  await listener.close();
});

/**
 * A client that has begun a request. It reads nothing until it is resumed, and stays open when the server
 * closes.
 */
function begin(path: string, length: string, body = '') {
  const socket = connect({ port: Number(new URL(listener.url).port), allowHalfOpen: true });
  const talk = { socket, heard: '', isOver: false, ended: Promise.resolve() };
  talk.ended = new Promise((resolve) => {
    socket.once('close', () => {
      talk.isOver = true;
      resolve();
    });
  });
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    talk.heard += chunk.toString('latin1');
  });
  socket.pause();
  socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\n${length}\r\n\r\n${body}`);
  return talk;
}

const chunk = `100000\r\n${'x'.repeat(MB)}\r\n`;
/** Resolves to whether the socket accepted the bytes. */
const written = (socket: Socket, data: string) =>
  new Promise<boolean>((resolve) => socket.write(data, (error) => resolve(!error)));

describe.each(['/at-once', '/in-the-middle'])('a client that is refused %s', (path) => {
  test.each([
    ['in chunks', 'transfer-encoding: chunked', chunk],
    ['with a stated length', 'content-length: 900000000', 'x'.repeat(MB)],
  ])('and goes on sending %s gets the refusal although it reads late', async (_name, length, piece) => {
    const client = begin(path, length, piece);
    for (let n = 0; n < 12; n += 1) expect(await written(client.socket, piece)).toBe(true);
    client.socket.resume();
    await vi.waitFor(() => expect(client.heard).toMatch(/^HTTP\/1.1 413 [\s\S]*that is too much/));
    client.socket.destroy();
  });

  test('and never stops sending is cut after a number of bytes', async () => {
    const client = begin(path, 'transfer-encoding: chunked', chunk);
    client.socket.resume();
    let sent = 0;
    while (sent < 10 * MOST_BYTES && (await written(client.socket, chunk))) sent += MB;
    await client.ended;
    expect(sent).toBeLessThan(MOST_BYTES + IN_BUFFERS);
  });

  test('and stops sending but stays is cut after two seconds, and not before', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const client = begin(path, 'transfer-encoding: chunked', chunk);
    client.socket.resume();
    await once(client.socket, 'end');
    expect(client.heard).toContain(refused);
    await vi.advanceTimersByTimeAsync(LINGER_TIMEOUT - CHECK_INTERVAL);
    expect(await written(client.socket, chunk)).toBe(true);
    expect(client.isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(CHECK_INTERVAL);
    // A client that has received the end of its response learns only by writing that the connection is gone.
    let sent = 0;
    while (sent < IN_BUFFERS && (await written(client.socket, chunk))) sent += MB;
    expect(sent).toBeLessThan(IN_BUFFERS);
    await client.ended;
  });
});

test('a second request behind a refused one is not served', async () => {
  const client = begin('/at-once', 'transfer-encoding: chunked', '5\r\nabcde\r\n');
  client.socket.resume();
  await vi.waitFor(() => expect(client.heard).toContain(refused));
  client.socket.write('0\r\n\r\nPOST /whole HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n');
  client.socket.end();
  await client.ended;
  expect(requests).toBe(1);
});

test('a connection whose request arrived completely is closed at once', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const client = begin('/whole', 'content-length: 3', 'abc');
  client.socket.on('end', () => client.socket.end()).resume();
  await client.ended;
  expect(client.heard).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n3$/);
});
