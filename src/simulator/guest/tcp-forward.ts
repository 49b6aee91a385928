import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { PortForward } from '../agent/hypervisor.ts';

/**
 * The agent's proxy in front of a guest's sshd. It accepts connections at once; one that comes before the
 * guest is reachable stays open and silent, as with the real agent, so an open port proves nothing. Rejects
 * when the port is taken.
 */
export async function openTcpForward(port: number, target: () => number | null): Promise<PortForward> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const server = createServer((client) => {
    keep(client);
    const guestPort = target();
    if (guestPort === null) {
      client.resume();
      return;
    }
    const guest = connect(guestPort, '127.0.0.1');
    keep(guest);
    client.pipe(guest).pipe(client);
    client.on('close', () => guest.destroy());
    guest.on('close', () => client.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const { port: taken } = server.address() as AddressInfo;
  return {
    port: taken,
    get listening() {
      return server.listening;
    },
    cut,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
