import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** The ways in which a network fails between two programs. */
export type Trouble = 'none' | 'cut' | 'silent' | 'noAnswers';

/**
 * A proxy in front of a server. It notes when something was sent to it, and can cut connections, hold back what is
 * sent (`silent`), let nothing back (`noAnswers`: half of the connection is dead) and delay each piece.
 */
export class WatchingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Called for each piece of data on its way to the server. */
  onSent: (bytes: Buffer) => void = () => undefined;
  /** Milliseconds for each piece, in each direction. */
  delay = 0;
  #trouble: Trouble = 'none';

  /** `port` 0: any. */
  static async start(targets: () => readonly number[], port = 0): Promise<WatchingProxy> {
    const proxy = new WatchingProxy(targets);
    proxy.#server.listen(port, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** A connection goes to the first of the `targets` (ports on loopback) that accepts it. */
  private constructor(targets: () => readonly number[]) {
    this.#server = createServer((client) => void this.#join(client, targets()));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set trouble(trouble: Trouble) {
    this.#trouble = trouble;
    if (trouble === 'cut') this.cut();
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }

  async #join(client: Socket, targets: readonly number[]): Promise<void> {
    client.on('error', () => undefined);
    client.pause();
    const server = this.#trouble === 'cut' ? null : await firstOf(targets);
    if (!server) {
      client.destroy();
      return;
    }
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    client.on('data', (bytes) => {
      if (this.#trouble === 'silent') return;
      this.onSent(bytes);
      this.#later(() => server.write(bytes));
    });
    server.on('data', (bytes) => {
      if (this.#trouble === 'none') this.#later(() => client.write(bytes));
    });
    client.resume();
  }

  #later(work: () => void): void {
    if (this.delay === 0) work();
    else setTimeout(work, this.delay);
  }
}

async function firstOf(ports: readonly number[]): Promise<Socket | null> {
  for (const port of ports) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return socket;
  }
  return null;
}
