import type { Server } from 'node:http';
import { type HttpBindings, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { type Cut, createGitHubApp } from './github-app.ts';
import { apiUrl } from './github-base.ts';
import type { GitHubWorld } from './github-world.ts';

export interface GitHubServerOptions {
  world: GitHubWorld;
  /** Loopback by default. */
  host?: string;
  /** 0, the default, takes any free port. */
  port?: number;
}

export interface GitHubServer {
  /** Base of the REST API: the value for `github.api_url`. */
  readonly url: string;
  readonly port: number;
  /** Closes the listener and every connection. The world stays as it is, so that it can be served again. */
  close(): Promise<void>;
}

/** Serves a world as GitHub over HTTP. Rejects when the port is taken. */
export function startGitHubServer(options: GitHubServerOptions): Promise<GitHubServer> {
  const { world, host = '127.0.0.1', port = 0 } = options;
  const app = createGitHubApp(world, cutSocket);
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, (address) => {
      world.origin = `http://${host}:${address.port}`;
      resolve({ url: apiUrl(world), port: address.port, close: () => close(server as Server) });
    }) as Server;
    server.once('error', reject);
  });
}

const cutSocket: Cut = (c) => {
  (c.env as HttpBindings).incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
};

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
