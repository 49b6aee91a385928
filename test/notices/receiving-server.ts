import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** How a request is answered; 200 without one. */
export type Fault = (response: ServerResponse) => void;

export const status =
  (code: number, headers: Record<string, string> = {}, said = ''): Fault =>
  (response) => {
    response.writeHead(code, headers).end(said);
  };
/** Takes the request and never answers. */
export const silence: Fault = () => undefined;
/** Takes the request and cuts the connection. */
export const cut: Fault = (response) => {
  response.destroy();
};

/** A real receiver of webhooks. Each of the faults is used for one request, in their order. */
export async function receivingServer() {
  const received: Received[] = [];
  const faults: Fault[] = [];
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    received.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
    (faults.shift() ?? status(200, {}, 'ok'))(response);
    for (const one of waiting) if (received.length >= one.count) one.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/services/T0/B0/s3cr3t-part?key=v4lue`,
    received,
    faults,
    /** Resolves when so many requests have come. */
    until: (count: number) =>
      new Promise<void>((resolve) => {
        if (received.length >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
