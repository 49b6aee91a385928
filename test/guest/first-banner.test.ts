import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { firstBanner } from '../../src/guest/first-banner.ts';

/** A port whose connections answer as they are told, one after the other; the last one's way holds for the rest. */
async function portThat(...ways: ((socket: Socket) => void)[]) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    (ways[sockets.length] ?? ways.at(-1))?.(socket);
    sockets.push(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { target: { host: '127.0.0.1', port, user: 'admin' }, sockets };
}

const silent = () => undefined;
const greets = (socket: Socket) => socket.write('SSH-2.0-test\r\n');
const never = new AbortController().signal;

test('a connection that came too early and stays silent does not hold up one that is answered', async () => {
  const { target, sockets } = await portThat(silent, greets);
  const socket = await firstBanner(target, 5_000, never);
  expect(socket.read().toString()).toBe('SSH-2.0-test\r\n');
  socket.destroy();
  await expect
    .poll(() => sockets.map(({ destroyed, readableEnded }) => destroyed || readableEnded))
    .toEqual([true, true]);
});

test('a guest that answers at once is asked by one connection', async () => {
  const { target, sockets } = await portThat(greets);
  (await firstBanner(target, 5_000, never)).destroy();
  expect(sockets).toHaveLength(1);
});

test('silence of every connection ends with the time that was given, and a caller who leaves ends it at once', async () => {
  const { target } = await portThat(silent);
  await expect(firstBanner(target, 1_500, never)).rejects.toMatchObject({
    failure: { code: 'GUEST_UNREACHABLE', message: expect.stringContaining('stays silent') },
  });
  const leaves = new AbortController();
  const asked = firstBanner(target, 5_000, leaves.signal);
  leaves.abort(new Error('the state was left'));
  await expect(asked).rejects.toThrow('the state was left');
});

test('a guest that comes up is let in within a fraction of a second, and nobody is warned of the connections', async () => {
  const warned: Error[] = [];
  const note = (warning: Error) => warned.push(warning);
  process.on('warning', note);
  onTestFinished(() => void process.off('warning', note));
  const { target, sockets } = await portThat(...Array<typeof silent>(14).fill(silent), greets);
  (await firstBanner(target, 30_000, never)).destroy();
  await expect
    .poll(() => sockets.every(({ destroyed, readableEnded }) => destroyed || readableEnded))
    .toBe(true);
  expect(warned).toEqual([]);
});
