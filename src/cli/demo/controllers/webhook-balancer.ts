import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { connectToFirst } from './connect-to-first.ts';

/**
 * A load balancer in front of several controllers: each connection goes to another one of the ports on loopback, or to
 * the next one that accepts it. Rejects when its own port is taken.
 */
export async function startBalancer(
  port: number,
  targets: readonly number[],
): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  let turn = 0;
  const server = createServer(async (client) => {
    keep(client);
    turn += 1;
    const inTurn = targets.map((_, n) => targets[(turn + n) % targets.length] ?? 0);
    const controller = await connectToFirst(inTurn);
    if (!controller) {
      client.destroy();
      return;
    }
    keep(controller);
    client.on('close', () => controller.destroy());
    controller.on('close', () => client.destroy());
    client.pipe(controller).pipe(client);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
