import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { firstBanner } from '../../src/guest/first-banner.ts';

/**
 * A port that handles its connections by the given functions in turn; the last one is for all further
 * connections.
 */
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
const boots = async () => false;
/** Sends the banner that many milliseconds after the connection. */
const slow = (ms: number) => (socket: Socket) => void setTimeout(() => greets(socket), ms);

test('a connection that came too early and stays silent does not delay a later one that gets the banner', async () => {
  const { target, sockets } = await portThat(silent, greets);
  const socket = await firstBanner(target, 5_000, never, boots);
  expect(socket.read().toString()).toBe('SSH-2.0-test\r\n');
  socket.destroy();
  await expect
    .poll(() => sockets.map(({ destroyed, readableEnded }) => destroyed || readableEnded))
    .toEqual([true, true]);
});

test('a guest that sends its banner at once gets one connection', async () => {
  const { target, sockets } = await portThat(greets);
  (await firstBanner(target, 5_000, never, boots)).destroy();
  expect(sockets).toHaveLength(1);
});

test('silence on every connection ends at the time limit, and at once when the caller aborts', async () => {
  const { target } = await portThat(silent);
  await expect(firstBanner(target, 1_500, never, boots)).rejects.toMatchObject({
    failure: { code: 'GUEST_UNREACHABLE', message: expect.stringContaining('no SSH banner came') },
  });
  const leaves = new AbortController();
  const asked = firstBanner(target, 5_000, leaves.signal, boots);
  leaves.abort(new Error('the state was left'));
  await expect(asked).rejects.toThrow('the state was left');
});

test('a guest that boots gets one connection at a time, at growing intervals', async () => {
  const at: number[] = [];
  let open = 0;
  let most = 0;
  const { target, sockets } = await portThat((socket) => {
    at.push(performance.now());
    open += 1;
    most = Math.max(most, open);
    socket.resume().on('end', () => {
      open -= 1;
    });
  });
  await expect(firstBanner(target, 2_500, never, boots)).rejects.toMatchObject({
    failure: { code: 'GUEST_UNREACHABLE' },
  });
  // The interval is 100 ms and half as much more each time; with a fixed interval it would be 25 connections.
  expect(sockets.length).toBeLessThanOrEqual(8);
  const distances = at.slice(1).map((time, n) => time - (at[n] ?? 0));
  expect(distances.at(-1)).toBeGreaterThan(3 * (distances[0] ?? 0));
  expect(most).toBeLessThanOrEqual(2);
});

test('a slow guest is given the time to send its banner even while the agent has not seen one', async () => {
  const { target, sockets } = await portThat(slow(700));
  (await firstBanner(target, 20_000, never, boots)).destroy();
  expect(sockets.length).toBeLessThanOrEqual(8);
});

test('once the agent has seen the banner, an early connection is replaced at once, and the new one is never replaced', async () => {
  let asked = 0;
  const answered = async () => {
    asked += 1;
    if (asked === 1) throw new Error('the agent is busy');
    return true;
  };
  const began = performance.now();
  const { target, sockets } = await portThat((socket) => {
    const isKnown = performance.now() - began > 950;
    if (isKnown) slow(1_500)(socket);
  });
  (await firstBanner(target, 20_000, never, answered)).destroy();
  expect(asked).toBe(2);
  expect(performance.now() - began).toBeLessThan(6_000);
  expect(sockets.length).toBeLessThanOrEqual(7);
});

test('a guest that has sent its banner before gets one connection, however slow it is', async () => {
  const { target, sockets } = await portThat(slow(1_200));
  (await firstBanner(target, 5_000, never, null)).destroy();
  expect(sockets).toHaveLength(1);
});

test.each([0, -1, 70_000, 1e308, Number.NaN])(
  'A3: port %d is unreachable, and nothing else fails',
  async (port) => {
    const target = { host: '127.0.0.1', port, user: 'admin' };
    for (const hasAnswered of [null, boots]) {
      const failure = firstBanner(target, 1_000, never, hasAnswered);
      await expect(failure).rejects.toMatchObject({ failure: { code: 'GUEST_UNREACHABLE' } });
    }
  },
);
