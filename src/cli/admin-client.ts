import type { Config } from '../config/schema.ts';
import { headerText, span } from '../format.js';

/** No daemon answers, or it refuses; the message says why and what to do. */
export class NoDaemonError extends Error {
  override readonly name = 'NoDaemonError';
  /** Nothing listens at the address, so that no daemon can be there. */
  readonly nobodyListens: boolean;

  constructor(message: string, nobodyListens = false) {
    super(message);
    this.nobodyListens = nobodyListens;
  }
}

export interface AdminAddress {
  url: string;
  token: string | null;
}

/** Milliseconds for one answer: the daemon reads it from memory or from a few records. */
const ANSWER_TIMEOUT_MS = 5_000;

/** The address at which the daemon of this config listens for its operator. */
export function adminAddress({ admin }: Pick<Config, 'admin'>): AdminAddress {
  const { host, port } = admin.listen;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const token = admin.token ?? null;
  return { url: `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`, token };
}

interface Asking {
  timeoutMs?: number;
  operator?: string | undefined;
}

/**
 * Sends a request to the running daemon and returns its answer. Throws a NoDaemonError when no daemon answers
 * at the address, or when it refuses. `timeoutMs` is for requests that take longer than a read, `operator` the name
 * of the person who gives an order, for the journal.
 */
export async function askDaemon(
  daemon: AdminAddress,
  method: 'GET' | 'POST',
  path: string,
  asking: Asking = {},
): Promise<unknown> {
  const { status, bytes } = await requested(daemon, method, path, asking);
  const body = parsed(bytes);
  if (status < 300 && body !== null) return body;
  throw refused(daemon, status, body);
}

/** The same for an answer that is a file. */
export async function downloadFrom(
  daemon: AdminAddress,
  path: string,
  timeoutMs: number,
): Promise<Uint8Array> {
  const { status, bytes } = await requested(daemon, 'GET', path, { timeoutMs });
  if (status < 300) return bytes;
  throw refused(daemon, status, parsed(bytes));
}

async function requested(
  { url, token }: AdminAddress,
  method: 'GET' | 'POST',
  path: string,
  { timeoutMs = ANSWER_TIMEOUT_MS, operator }: Asking,
): Promise<{ status: number; bytes: Uint8Array }> {
  const headers: Record<string, string> = {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(operator && { 'x-operator': headerText(operator) }),
  };
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
  } catch (error) {
    throw new NoDaemonError(adviceFor(error, url, timeoutMs), isRefused(error));
  }
}

function refused({ url }: AdminAddress, status: number, body: { message?: string } | null): NoDaemonError {
  if (status === 401) {
    return new NoDaemonError(
      `The daemon at ${url} does not accept this admin.token (status 401): it runs with another one. Name the config file of that daemon with --config. If its file was changed since it read it, send the daemon SIGHUP (kill -HUP and its process id), so that it reads the file again.`,
    );
  }
  return new NoDaemonError(
    body === null
      ? `The program that answers at ${url} is not jeballto-runner (status ${status}): correct admin.listen in the config.`
      : `The daemon at ${url} refused with status ${status}${body.message ? `: ${body.message}` : ''}`,
  );
}

function parsed(bytes: Uint8Array): { message?: string } | null {
  try {
    const body: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof body === 'object' ? body : null;
  } catch {
    return null;
  }
}

function isRefused(error: unknown): boolean {
  return (error as { cause?: { code?: string } }).cause?.code === 'ECONNREFUSED';
}

/** What to do when nothing listens there, when no answer comes, or when the answer is not HTTP. */
function adviceFor(error: unknown, url: string, timeoutMs: number): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  if ((error as Error).name === 'TimeoutError') {
    return `Something listens at ${url} but did not answer within ${span(timeoutMs)}. If it is the daemon, its log says why; if it is another program, correct admin.listen in the config.`;
  }
  if (isRefused(error)) {
    return `No daemon answers at ${url} (nothing listens there). Start one: jeballto-runner start`;
  }
  const why = cause?.code ?? cause?.message ?? (error as Error).message;
  if (/^HPE_|^UND_ERR_SOCKET$|^ECONNRESET$/.test(why)) {
    return `The program that listens at ${url} does not speak HTTP (${why}): correct admin.listen in the config.`;
  }
  return `${url} cannot be reached (${why}): check that admin.listen in the config is the address of the daemon.`;
}
