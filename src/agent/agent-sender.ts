import { Agent, request } from 'undici';

/** One request to an agent, as it goes over the wire. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Ends the request wherever it stands: while it connects, before the headers or within the body. */
  readonly signal: AbortSignal;
  /** Bytes of the answer's body at most. */
  readonly maxBytes: number;
}

/** The agent sent more than `maxBytes`; what the request did is not known. */
export class AnswerTooLarge extends Error {}

export interface HttpResponse {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/**
 * How requests reach an agent. `send` rejects when no whole response came, with AnswerTooLarge when it was cut for its
 * length; what the request did is then unknown.
 */
export interface AgentSender {
  send(message: HttpRequest): Promise<HttpResponse>;
  /** Aborts every request that is under way. */
  close(): Promise<void>;
}

/** Over HTTP, with no connection used twice: the agent sends `Connection: close` with every response. */
export function httpAgentSender(): AgentSender {
  const dispatcher = new Agent({ pipelining: 0 });
  return {
    async send({ url, method, headers, body, signal, maxBytes }) {
      // The signal is the deadline of the whole call; undici's own limits are for silence, which one byte ends.
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

/** Leaving the loop early destroys the stream, and with it the connection. */
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
