import { Agent, request } from 'undici';

/** One request to an agent, as it goes over the wire. */
export interface AgentMessage {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal | null;
  /** Milliseconds for which the agent may stay silent, 0 for ever. */
  readonly timeoutMs: number;
}

export interface AgentAnswer {
  readonly status: number;
  readonly bytes: Uint8Array;
}

/** How requests reach an agent. `send` rejects when no answer came; what the request did is then unknown. */
export interface AgentSender {
  send(message: AgentMessage): Promise<AgentAnswer>;
  /** Cuts every call that is still under way. */
  close(): Promise<void>;
}

/** Over HTTP, with no connection used twice: the agent answers every request with `Connection: close`. */
export function httpAgentSender(): AgentSender {
  const dispatcher = new Agent({ pipelining: 0 });
  return {
    async send({ url, method, headers, body, signal, timeoutMs }) {
      const limits = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
      const answer = await request(url, {
        method,
        headers: { ...headers },
        body,
        signal,
        dispatcher,
        ...limits,
      });
      return { status: answer.statusCode, bytes: new Uint8Array(await answer.body.arrayBuffer()) };
    },
    close: () => dispatcher.destroy(),
  };
}
