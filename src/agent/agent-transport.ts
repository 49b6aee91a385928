import type { z } from 'zod';
import { beginCall, routeOf } from '../call-trace.ts';
import { DaemonError } from '../errors.ts';
import { redact } from '../redact.ts';
import { type AgentCall, agentFailure } from './agent-failure.ts';
import { type AgentSender, type HttpResponse, httpAgentSender } from './agent-sender.ts';

export interface AgentTransportOptions {
  /** The host's name in the config. */
  name: string;
  /** Such as `http://127.0.0.1:8011/v1`. */
  baseUrl: string;
  token: string;
  /** Milliseconds for which the agent may stay silent in a call that only reads. */
  readTimeoutMs?: number;
  /** Over HTTP by default. */
  sender?: AgentSender;
}

export interface AgentRequest extends Omit<AgentCall, 'host'> {
  body?: object;
  signal?: AbortSignal | undefined;
  /** Milliseconds of silence before the host counts as unreachable, 0 for no limit; `readTimeoutMs` by default. */
  timeoutMs?: number;
  /** A secret in the body, which is redacted from what the agent says about the call. */
  secret?: string | undefined;
}

const READ_TIMEOUT_MS = 30_000;
/** One for all answers: making it costs more than reading most of them. */
const utf8 = new TextDecoder();

/** Items of one page of a list; the agent gives no more. */
const PAGE_SIZE = 1000;

/**
 * HTTP to one agent. Bodies go as one string with its length: the agent refuses chunked ones.
 * A call that was cut off may have taken effect: look at the world before it is repeated.
 */
export class AgentTransport {
  readonly name: string;
  readonly #baseUrl: string;
  readonly #token: string;
  readonly #readTimeoutMs: number;
  readonly #sender: AgentSender;

  constructor({
    name,
    baseUrl,
    token,
    readTimeoutMs = READ_TIMEOUT_MS,
    sender = httpAgentSender(),
  }: AgentTransportOptions) {
    this.name = name;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#token = token;
    this.#readTimeoutMs = readTimeoutMs;
    this.#sender = sender;
  }

  /** Sends the request and reads the fields that `schema` knows. Throws as `bytes` does, and AGENT_ERROR for another shape. */
  async json<T>(schema: z.ZodType<T>, request: AgentRequest): Promise<T> {
    const bytes = await this.bytes(request);
    let value: unknown;
    try {
      value = JSON.parse(utf8.decode(bytes));
    } catch {
      throw this.#unreadable(request, 'it is not JSON');
    }
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.#unreadable(request, `${issue?.path.join('.') || 'the answer'}: ${issue?.message}`);
  }

  /** All items of a list that the agent gives in pages. Throws as `json` does. */
  async allPages<Page extends { total: number }, T>(
    schema: z.ZodType<Page>,
    itemsOf: (page: Page) => T[],
    request: AgentRequest,
  ): Promise<T[]> {
    const all: T[] = [];
    for (;;) {
      const path = `${request.path}?limit=${PAGE_SIZE}&offset=${all.length}`;
      const page = await this.json(schema, { ...request, path });
      const items = itemsOf(page);
      all.push(...items);
      if (items.length === 0 || all.length >= page.total) return all;
    }
  }

  /**
   * Sends the request and returns the body of a 2xx response. Throws HOST_UNREACHABLE when no response came, what
   * `agentFailure` makes of any other status, and the signal's own reason when aborted.
   */
  async bytes(request: AgentRequest): Promise<Uint8Array> {
    const { method, path, body, signal, timeoutMs = this.#readTimeoutMs } = request;
    signal?.throwIfAborted();
    let response: HttpResponse;
    const ended = beginCall({ system: 'agent', host: this.name, method, route: routeOf(path) });
    try {
      response = await this.#sender.send({
        url: `${this.#baseUrl}${path}`,
        method,
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${this.#token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: signal ?? null,
        timeoutMs,
      });
      ended(response.status);
    } catch (error) {
      ended(null);
      if (signal?.aborted) throw signal.reason;
      throw this.#unreachable(request, error);
    }
    const { status, bytes } = response;
    if (status >= 200 && status < 300) return bytes;
    const { code, message } = envelopeOf(bytes);
    throw agentFailure(status, code, this.#withoutSecrets(message, request), { host: this.name, ...request });
  }

  /** Aborts every call that is under way. */
  close(): Promise<void> {
    return this.#sender.close();
  }

  #unreachable({ what, method, path }: AgentRequest, error: unknown): DaemonError {
    const { code, message } = error as { code?: string; message?: string };
    if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL') {
      return new DaemonError(
        'AGENT_REQUEST_REFUSED',
        `"${what}" on host ${this.name} could not be sent: its base_url or its token has characters that HTTP does not allow.`,
      );
    }
    // macOS gives this error to a program that may not use the local network, whatever the state of the other machine.
    const hint =
      code === 'EHOSTUNREACH' ? ' On macOS, allow this program under Privacy & Security, Local Network.' : '';
    // As GitHub's failures say it; undici has a name of its own for the time of each part of a call.
    const problem = code?.endsWith('_TIMEOUT') ? 'no answer in time' : (code ?? message);
    return new DaemonError(
      'HOST_UNREACHABLE',
      `Host ${this.name} did not answer to "${what}", ${method} ${path} at ${this.#baseUrl}: ${problem}. ` +
        `Check that the Jeballto Agent runs there.${hint}`,
      { cause: error },
    );
  }

  #unreadable({ what, method, path }: AgentRequest, problem: string): DaemonError {
    return new DaemonError(
      'AGENT_ERROR',
      `Host ${this.name} gave an answer to "${what}", ${method} ${path}, that this daemon cannot read (${problem}). ` +
        'Compare the versions of daemon and agent.',
    );
  }

  #withoutSecrets(text: string, { secret }: AgentRequest): string {
    return redact(text, [this.#token, secret ?? '']);
  }
}

function envelopeOf(bytes: Uint8Array): { code: string; message: string } {
  try {
    const { error } = JSON.parse(utf8.decode(bytes));
    return { code: String(error.code), message: String(error.message) };
  } catch {
    return { code: '', message: '' };
  }
}
