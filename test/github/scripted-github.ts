import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedReply {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  /** JSON as it goes over the wire. */
  raw?: string;
  /** Text instead of JSON. */
  text?: string;
}

/**
 * An HTTP server for responses that the simulated GitHub never gives. Replies are sent in turn, the last one
 * again and again; `cut` closes the connection without a response, `hang` never responds.
 */
export class ScriptedGitHub {
  readonly requests: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  readonly #server: Server;
  #replies: (ScriptedReply | 'cut' | 'hang')[] = [];
  url = '';

  constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk) => {
        body += chunk;
      });
      request.once('end', () => {
        this.requests.push({
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          body,
        });
        const reply = this.#replies.length > 1 ? this.#replies.shift() : this.#replies[0];
        if (reply === 'hang') return;
        if (reply === 'cut' || reply === undefined) return request.socket.destroy();
        const { status = 200, headers = {}, json, raw, text } = reply;
        response.sendDate = false;
        response.writeHead(status, { 'content-type': text ? 'text/html' : 'application/json', ...headers });
        response.end(text ?? raw ?? (json === undefined ? '' : JSON.stringify(json)));
      });
    });
  }

  /** Replaces the replies from here on. */
  answers(...replies: (ScriptedReply | 'cut' | 'hang')[]): void {
    this.#replies = replies;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
