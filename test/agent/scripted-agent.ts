import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  body: unknown;
}

type Reply =
  | { status?: number; json?: unknown; raw?: string | Buffer }
  | 'silence'
  | 'cut'
  /** Writes the response itself, and need not end it. */
  | { write(response: ServerResponse): void };

/**
 * An HTTP server that responds to `METHOD /path` as the test says. Like the agent, it serves one request per
 * connection.
 */
export class ScriptedAgent {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #routes = new Map<string, (request: SeenRequest) => Reply>();
  baseUrl = '';

  constructor() {
    this.#server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const url = new URL(incoming.url ?? '/', 'http://agent');
        const text = Buffer.concat(chunks).toString();
        const request: SeenRequest = {
          method: incoming.method ?? '',
          path: url.pathname.replace(/^\/v1/, ''),
          query: url.searchParams,
          headers: incoming.headers,
          body: text === '' ? null : JSON.parse(text),
        };
        this.requests.push(request);
        const route = this.#routes.get(`${request.method} ${request.path}`);
        send(outgoing, route?.(request) ?? refuse(404, 'NOT_FOUND', 'no such route'));
      });
    });
  }

  on(route: string, reply: Reply | ((request: SeenRequest) => Reply)): this {
    this.#routes.set(route, typeof reply === 'function' ? reply : () => reply);
    return this;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.baseUrl = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export function refuse(status: number, code: string, message = 'because'): Reply {
  return { status, json: { error: { code, message } } };
}

function send(outgoing: ServerResponse, reply: Reply): void {
  if (reply === 'silence') return;
  if (reply === 'cut') {
    outgoing.socket?.destroy();
    return;
  }
  if ('write' in reply) {
    reply.write(outgoing);
    return;
  }
  const body = reply.raw ?? (reply.json === undefined ? '' : JSON.stringify(reply.json, null, 2));
  outgoing.writeHead(reply.status ?? 200, { connection: 'close', 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}

/** A VM in the agent's JSON format. */
export function vmAnswer(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: '5FE2FD40-9293-4F3F-ABDD-844873B33934',
    name: 'gh-a-1-1',
    state: 'stopped',
    ephemeral: true,
    resources: { cpuCount: 4, memorySize: 8589934592, diskSize: 68719476736 },
    network: { macAddress: '02:00:00:00:00:01' },
    guiOpen: false,
    uptime: null,
    lifetimeSeconds: null,
    expiresAt: null,
    createdAt: '2026-07-30T10:00:00Z',
    updatedAt: '2026-07-30T10:00:00Z',
    ...over,
  };
}
