import type { Server } from 'node:http';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { ConfigError } from '../config/config-error.ts';

/** Milliseconds for answers under way; then sockets are cut, since an open stream would hold the process for ever. */
const PATIENCE_WITH_CLIENTS = 2_000;

export interface Listener {
  url: string;
  close(): Promise<void>;
}

/** Serves an app on an address of the config. Rejects with a ConfigError that names the key when it is taken. */
export function listen(app: Hono, address: { host: string; port: number }, key: string): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: address.host, port: address.port }, ({ port }) => {
      resolve({ url: `http://${reachableHost(address.host)}:${port}`, close: () => close(server as Server) });
    }) as Server;
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
