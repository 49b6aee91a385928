import { Agent, request } from 'undici';

/** One request to an agent, as it goes over the wire. */
export interface HttpRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal | null;
  /** Milliseconds for which the agent may stay silent, 0 for no limit. */
  readonly timeoutMs: number;
}

export interface HttpResponse {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** How requests reach an agent. `send` rejects when no response came; what the request did is then unknown. */
export interface AgentSender {
  send(message: HttpRequest): Promise<HttpResponse>;
  /** Aborts every request that is under way. */
  close(): Promise<void>;
}

/** Over HTTP, with no connection used twice: the agent sends `Connection: close` with every response. */
export function httpAgentSender(): AgentSender {
  const dispatcher = new Agent({ pipelining: 0 });
  return {
    async send({ url, method, headers, body, signal, timeoutMs }) {
      const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
      const response = await request(url, {
        method,
        headers: { ...headers },
        body,
        signal,
        dispatcher,
        ...limits,
      });
      return { status: response.statusCode, bytes: new Uint8Array(await response.body.arrayBuffer()) };
    },
    close: () => dispatcher.destroy(),
  };
}
