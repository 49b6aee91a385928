import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy between a daemon and its database, which can cut every connection, or the one that gets the next response. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Cuts the connection in place of the next answer of the database. */
  cutsNextAnswer = false;

  static async start(target: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const database = connect(target, '127.0.0.1');
      for (const socket of [client, database]) {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.#sockets.delete(socket);
          client.destroy();
          database.destroy();
        });
      }
      client.on('data', (bytes) => database.write(bytes));
      database.on('data', (bytes) => {
        if (!this.cutsNextAnswer) {
          client.write(bytes);
          return;
        }
        this.cutsNextAnswer = false;
        client.destroy();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }
}
