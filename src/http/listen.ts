import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../config/config-error.ts';

/** Milliseconds for answers under way; then sockets are cut, since an open stream would hold the process for ever. */
const PATIENCE_WITH_CLIENTS = 2_000;

/**
 * Milliseconds for a request to arrive whole, and between looks at those that do not; an answer may take for ever. A
 * client that says nothing, or a byte now and then, would keep its connection for minutes otherwise.
 */
const ARRIVES_WITHIN = 10_000;
const LOOK_EVERY = 1_000;
/** A flood of connections has to leave file descriptors for the store, the Macs and the guests: some systems give 10,240. */
const MOST_CONNECTIONS = 3_000;
/** Connections that the system keeps until they are accepted (no more than its own limit): the next ones would lose seconds. */
const MOST_WAITING = 4_096;

export interface Listener {
  url: string;
  close(): Promise<void>;
}

/** Serves an app on an address of the config. Rejects with a ConfigError that names the key when it is taken. */
export function listen(app: Hono, address: { host: string; port: number }, key: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const serverOptions = {
      headersTimeout: ARRIVES_WITHIN,
      requestTimeout: ARRIVES_WITHIN,
      connectionsCheckingInterval: LOOK_EVERY,
    };
    const server = createAdaptorServer({ fetch: app.fetch, hostname: address.host, serverOptions }) as Server;
    server.maxConnections = MOST_CONNECTIONS;
    server.listen({ host: address.host, port: address.port, backlog: MOST_WAITING }, () => {
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

/** The host of an address as a URL on this machine names it. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), PATIENCE_WITH_CLIENTS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}
