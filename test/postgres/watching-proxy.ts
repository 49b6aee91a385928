import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { connectToFirst } from '../../src/cli/demo/controllers/connect-to-first.ts';

/** The ways in which a network fails between two programs. */
export type Trouble = 'none' | 'cut' | 'silent' | 'noAnswers';

/** A connection from a client to the server behind the proxy. */
interface Pair {
  client: Socket;
  server: Socket;
  /** The end of one does not end the other. */
  isHalf: boolean;
}

/**
 * A proxy in front of a server. It notes when something was sent to it, and can cut connections, hold back what is
 * sent (`silent`), let nothing back (`noAnswers`: half of the connection is dead) and delay each piece.
 */
export class WatchingProxy {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  /** Called for each piece of data on its way to the server. */
  onSent: (bytes: Buffer) => void = () => undefined;
  /** Asked for each piece of data on its way back; true: the connection is cut in its place. */
  cutsAnswer: () => boolean = () => false;
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
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
  }

  /** Closes one end of each connection. The other end stays open and does not learn of it. */
  closeHalf(end: 'client' | 'server'): void {
    for (const pair of this.#pairs) {
      pair.isHalf = true;
      pair[end].destroy();
    }
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
  }

  async #join(client: Socket, targets: readonly number[]): Promise<void> {
    client.on('error', () => undefined);
    client.pause();
    const server = this.#trouble === 'cut' ? null : await connectToFirst(targets);
    if (!server) {
      client.destroy();
      return;
    }
    const pair = { client, server, isHalf: false };
    this.#pairs.add(pair);
    server.on('error', () => undefined);
    for (const socket of [client, server]) {
      socket.on('close', () => {
        if (!pair.isHalf) for (const one of [client, server]) one.destroy();
        if (client.destroyed && server.destroyed) this.#pairs.delete(pair);
      });
    }
    client.on('data', (bytes) => {
      if (this.#trouble === 'silent') return;
      this.onSent(bytes);
      this.#later(() => server.destroyed || server.write(bytes));
    });
    server.on('data', (bytes) => {
      if (this.cutsAnswer()) client.destroy();
      else if (this.#trouble === 'none') this.#later(() => client.destroyed || client.write(bytes));
    });
    client.resume();
  }

  #later(work: () => void): void {
    if (this.delay === 0) work();
    else setTimeout(work, this.delay);
  }
}
