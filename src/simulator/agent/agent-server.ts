import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { sleepFor } from '../../clock.ts';
import type { AgentWorld } from './agent-world.ts';
import { answerControl } from './control.ts';
import { finish, serveConnection } from './http/connection.ts';
import { answerRequest } from './http/exchange.ts';
import { encodeReply, refusalReply } from './http/reply.ts';
import { type AgentEnd, launch, shutDown } from './launch.ts';

export interface AgentServerOptions {
  world: AgentWorld;
  token: string;
  /** Loopback by default. */
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
  /** Connections at a time; further ones get a 429 and are not read. */
  maxConnections?: number;
  /** Milliseconds in which a request has to arrive completely. */
  receiveMs?: number;
}

export interface AgentServer {
  /** Base of the agent's API, with `/v1`. */
  readonly url: string;
  readonly port: number;
  /** Ends the agent, refuses connections for `downMs`, and launches it again on the same port. */
  restart(end: AgentEnd, downMs: number): Promise<void>;
  /** Closes the listener and every connection. The world stays as it is. */
  close(): Promise<void>;
}

/** Serves a world as the agent's HTTP API, and its control routes below `/_sim`. Rejects when the port is taken. */
export async function startAgentServer(options: AgentServerOptions): Promise<AgentServer> {
  const { world, token, host = '127.0.0.1', maxConnections = 100, receiveMs = 30_000 } = options;
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let port = options.port ?? 0;
  let closed = false;

  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    if (sockets.size > maxConnections) {
      socket.on('error', () => undefined);
      const message = 'Maximum concurrent connections exceeded';
      finish(socket, encodeReply(refusalReply(429, 'TOO_MANY_REQUESTS', message)));
      return;
    }
    const from = socket.remoteAddress ?? '';
    void serveConnection(socket, world.clock, receiveMs, async (head, body, client) =>
      head.path.startsWith('/_sim/')
        ? await answerControl(world, restart, head, body, from)
        : await answerRequest(world, token, head, body, client),
    );
  };

  const open = async () => {
    // Half-open: a client that closes its side after the request still gets the work done.
    server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
    server.listen(port, host);
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };

  const shut = async () => {
    const closing = server;
    server = null;
    if (!closing) return;
    const done = once(closing, 'close');
    closing.close();
    for (const socket of sockets) socket.destroy();
    await done;
  };

  const restart = async (end: AgentEnd, downMs: number) => {
    await shut();
    await shutDown(world, end);
    await sleepFor(world.clock, downMs);
    launch(world);
    if (!closed) await open();
  };

  await open();
  return {
    url: `http://${host}:${port}/v1`,
    port,
    restart,
    close: async () => {
      closed = true;
      await shut();
    },
  };
}
