import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../config/config-error.ts';
import { lingerOnClose } from './lingering-close.ts';

/**
 * Milliseconds in which responses under way may end; then sockets are closed, since an open stream would
 * never end.
 */
const CLOSE_TIMEOUT = 2_000;

/**
 * Milliseconds in which a request must arrive completely, and between two checks of that. Without it a client
 * that sends nothing, or a byte now and then, would keep its connection for minutes. A response may take any
 * time.
 */
const REQUEST_TIMEOUT = 10_000;
const CHECK_INTERVAL = 1_000;
/**
 * A flood of connections has to leave file descriptors for the store, the Macs and the guests: some systems
 * allow 10,240.
 */
const MAX_CONNECTIONS = 3_000;
/**
 * Connections that the system queues until they are accepted, up to its own limit. Beyond it, clients wait
 * for seconds.
 */
const BACKLOG = 4_096;

export interface Listener {
  url: string;
  close(): Promise<void>;
}

/**
 * Serves an app on an address of the config. Rejects with a ConfigError that names the key when the port is
 * taken.
 */
export function listen(app: Hono, address: { host: string; port: number }, key: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      headersTimeout: REQUEST_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: CHECK_INTERVAL,
    };
    const server = createAdaptorServer({
      // After a refusal that ended the connection, no further request on it is served.
      fetch: (request, env) =>
        env.incoming.socket?.writableEnded ? new Response(null, { status: 503 }) : app.fetch(request, env),
      hostname: address.host,
      serverOptions,
    }) as Server;
    lingerOnClose(server);
    server.maxConnections = MAX_CONNECTIONS;
    server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
      const { port } = server.address() as AddressInfo;
      resolve({ url: `http://${reachableHost(address.host)}:${port}`, close: () => close(server) });
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another process listens there' : error.message;
      const message = `cannot listen on ${address.host}:${address.port}: ${why}. Choose another address.`;
      reject(new ConfigError([{ path: key, message }]));
    });
  });
}

/** The host of an address, as a URL on this machine has to name it. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_TIMEOUT);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
