import type { z } from 'zod';
import { beginCall, routeOf } from '../call-trace.ts';
import { type Clock, startTimeout, systemClock } from '../clock.ts';
import { DaemonError } from '../errors.ts';
import { redact } from '../redact.ts';
import { type AgentCall, agentFailure, isMaintenance } from './agent-failure.ts';
import { type AgentSender, AnswerTooLarge, type HttpResponse, httpAgentSender } from './agent-sender.ts';

export interface AgentTransportOptions {
  /** The host's name in the config. */
  name: string;
  /** Such as `http://127.0.0.1:8011/v1`. */
  baseUrl: string;
  token: string;
  /** Milliseconds for a call that only reads, all pages of a list included. */
  readTimeoutMs?: number;
  /** The clock for the deadlines of calls; the system's by default. */
  clock?: Clock;
  /** Over HTTP by default. */
  sender?: AgentSender;
}

export interface AgentRequest extends Omit<AgentCall, 'host'> {
  body?: object;
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds for the whole call, from connecting to the last byte of the response; then the host counts
   * as unreachable. `readTimeoutMs` by default.
   */
  timeoutMs?: number;
  /** Most bytes of the response; 8 MiB by default. */
  maxBytes?: number;
  /** A secret in the body; it is redacted from the agent's error messages. */
  secret?: string | undefined;
}

const READ_TIMEOUT_MS = 30_000;
/** A page of 1,000 VMs is about 1 MiB. */
const MAX_BYTES = 8 * 2 ** 20;
/** One decoder for all responses: making one costs more than reading most of them. */
const utf8 = new TextDecoder();

/** Items of one page of a list; the agent's maximum. */
const PAGE_SIZE = 1000;
/** A list with more pages than this means that the agent is broken: no Mac holds 20,000 VMs. */
const MOST_PAGES = 20;

/**
 * HTTP calls to one agent. Bodies are sent as one string with its length: the agent refuses chunked ones. A
 * call that was cut off may have taken effect: look at the agent's state before repeating it.
 */
export class AgentTransport {
  readonly name: string;
  readonly #baseUrl: string;
  readonly #token: string;
  readonly #readTimeoutMs: number;
  readonly #clock: Clock;
  readonly #sender: AgentSender;
  /** Called when the agent refuses a change, since it is in maintenance. */
  onMaintenance: () => void = () => undefined;

  constructor({
    name,
    baseUrl,
    token,
    readTimeoutMs = READ_TIMEOUT_MS,
    clock = systemClock,
    sender = httpAgentSender(),
  }: AgentTransportOptions) {
    this.name = name;
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#token = token;
    this.#readTimeoutMs = readTimeoutMs;
    this.#clock = clock;
    this.#sender = sender;
  }

  /**
   * Sends the request and reads the fields that `schema` knows. Throws as `bytes` does, and AGENT_ERROR when
   * the response has another shape.
   */
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

  /**
   * All items of a list that the agent returns in pages. Each id is returned once; rows without an id are all
   * returned. A page that is not full is the last. Throws as `json` does, HOST_UNREACHABLE when the pages
   * together take longer than one call may, and AGENT_ERROR for a list that does not end.
   */
  async allPages<Page extends { limit: number | null }, T>(
    schema: z.ZodType<Page>,
    itemsOf: (page: Page) => T[],
    request: AgentRequest,
  ): Promise<T[]> {
    const { timeoutMs = this.#readTimeoutMs } = request;
    const until = this.#clock.now() + timeoutMs;
    const all = new Map<string, T>();
    for (let pages = 0, offset = 0; pages < MOST_PAGES; pages += 1) {
      const path = `${request.path}?limit=${PAGE_SIZE}&offset=${offset}`;
      const left = Math.max(1, until - this.#clock.now());
      const page = await this.json(schema, { ...request, path, timeoutMs: left });
      const items = itemsOf(page);
      const before = all.size;
      for (const [n, item] of items.entries()) all.set(idOf(item) ?? `#${offset + n}`, item);
      if (items.length < (page.limit ?? PAGE_SIZE)) return [...all.values()];
      if (all.size === before) throw this.#unreadable(request, 'every page of the list is the same');
      offset += items.length;
    }
    throw this.#unreadable(request, `the list does not end after ${MOST_PAGES} pages`);
  }

  /**
   * Sends the request and returns the body of a 2xx response. Throws HOST_UNREACHABLE when no complete
   * response came in time, AGENT_ERROR when the response is too large, the error of `agentFailure` for any
   * other status, and the signal's own reason when aborted.
   */
  async bytes(request: AgentRequest): Promise<Uint8Array> {
    const { method, path, body, signal, timeoutMs = this.#readTimeoutMs, maxBytes = MAX_BYTES } = request;
    signal?.throwIfAborted();
    let response: HttpResponse;
    const deadline = startTimeout(this.#clock, timeoutMs, signal);
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
        signal: deadline.signal,
        maxBytes,
      });
      ended(response.status);
    } catch (error) {
      ended(null);
      if (signal?.aborted) throw signal.reason;
      if (error instanceof AnswerTooLarge)
        throw this.#unreadable(request, `it has more than ${maxBytes / 2 ** 20} MiB`);
      throw this.#unreachable(request, deadline.signal.aborted ? deadline.signal.reason : error);
    } finally {
      deadline.end();
    }
    const { status, bytes } = response;
    if (status >= 200 && status < 300) return bytes;
    const { code, message } = envelopeOf(bytes);
    if (isMaintenance(status, code)) this.onMaintenance();
    throw agentFailure(status, code, this.#withoutSecrets(message, request), { host: this.name, ...request });
  }

  /** Aborts every call that is under way. */
  close(): Promise<void> {
    return this.#sender.close();
  }

  #unreachable({ what, method, path }: AgentRequest, error: unknown): DaemonError {
    const { code, name, message } = error as { code?: string; name?: string; message?: string };
    if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_URL') {
      return new DaemonError(
        'AGENT_REQUEST_REFUSED',
        `"${what}" on host ${this.name} could not be sent: its base_url or its token contains characters that HTTP does not allow. Correct it in the config.`,
      );
    }
    // macOS gives this error to a program that has no permission to use the local network, whatever the state
    // of the other machine.
    const hint =
      code === 'EHOSTUNREACH' ? ' On macOS, allow this program under Privacy & Security, Local Network.' : '';
    // The same wording as in GitHub's failures. A DOMException has a number as its code; undici has its own
    // name for a connect timeout.
    const isLate = name === 'TimeoutError' || code === 'UND_ERR_CONNECT_TIMEOUT';
    const problem = isLate ? 'no answer in time' : (code ?? message);
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
      `Host ${this.name} sent a response to "${what}", ${method} ${path}, that this daemon cannot read (${problem}). ` +
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

/** Null for a row that could not be read. */
function idOf(item: unknown): string | null {
  return typeof item === 'object' && item !== null && 'id' in item && typeof item.id === 'string'
    ? item.id
    : null;
}
