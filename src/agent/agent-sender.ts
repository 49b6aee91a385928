import { Agent, buildConnector, request } from 'undici';

/** One request to an agent, as it goes over the wire. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the request at any stage: while it connects, before the headers or within the body. */
  readonly signal: AbortSignal;
  /** Most bytes of the response's body. */
  readonly maxBytes: number;
}

/** The agent sent more than `maxBytes`; whether the request took effect is unknown. */
export class AnswerTooLarge extends Error {}

export interface HttpResponse {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/**
 * How requests reach an agent. `send` rejects when no complete response came, and with AnswerTooLarge when
 * the response was too long; whether the request took effect is then unknown.
 */
export interface AgentSender {
  send(message: HttpRequest): Promise<HttpResponse>;
  /** Aborts every request that is under way. */
  close(): Promise<void>;
}

/**
 * Over HTTP. No connection is used twice, since the agent sends `Connection: close` with every response. Each request is
 * written as soon as its connection is made, and `mayLeave` is asked right before that: a process may have been frozen
 * while it connected. When it returns false, `send` rejects and nothing was written.
 */
export function httpAgentSender(mayLeave: () => boolean = () => true): AgentSender {
  const connect = buildConnector({});
  const dispatcher = new Agent({
    pipelining: 0,
    connect: (options, callback) =>
      connect(options, (...[error, socket]) => {
        if (error) callback(error, null);
        else if (mayLeave()) callback(null, socket);
        else {
          socket.destroy();
          callback(new Error('the request was not sent: this process must not act any more'), null);
        }
      }),
  });
  return {
    async send({ url, method, headers, body, signal, maxBytes }) {
      // The signal is the deadline of the whole call. undici's own limits only count silence, which one byte
      // resets.
      const limits = { headersTimeout: 0, bodyTimeout: 0 };
      const response = await request(url, {
        method,
        headers: { ...headers },
        body,
        signal,
        dispatcher,
        ...limits,
      });
      return { status: response.statusCode, bytes: await atMost(maxBytes, response.body) };
    },
    close: () => dispatcher.destroy(),
  };
}

/** Leaving the loop early destroys the stream and closes the connection. */
async function atMost(maxBytes: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new AnswerTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
