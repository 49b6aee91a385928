import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { httpAgentSender } from '../../src/agent/agent-sender.ts';

test('a request that must not leave any more when its connection is made is not written', async () => {
  let heard = '';
  const closed: Promise<unknown>[] = [];
  const server = createServer((socket) => {
    closed.push(once(socket, 'close'));
    socket.on('data', (bytes) => {
      heard += String(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sender = httpAgentSender(() => false);
  const { signal } = new AbortController();
  const message = { method: 'POST', headers: {}, body: '{}', signal, maxBytes: 10 };
  await expect(sender.send({ ...message, url: `http://127.0.0.1:${port}/v1/vms` })).rejects.toThrow(
    'not sent',
  );
  await sender.close();
  server.close();
  await once(server, 'close');
  await Promise.all(closed);
  expect(heard).toBe('');
});
