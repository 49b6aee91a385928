import type { Config } from '../config/schema.ts';

/** No daemon answers as it should; the message says why and what to do. */
export class NoDaemonError extends Error {
  override readonly name = 'NoDaemonError';
}

export interface AdminAddress {
  url: string;
  token: string | null;
}

/** Milliseconds for one answer. A collection asks every host and GitHub before it answers. */
const ANSWER_TIMEOUT_MS = 60_000;

/** The address at which the daemon of this config listens for its operator. */
export function adminAddress({ admin }: Pick<Config, 'admin'>): AdminAddress {
  const { host, port } = admin.listen;
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const token = admin.token ?? null;
  return { url: `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`, token };
}

/** Asks the running daemon. Throws a NoDaemonError when no daemon answers at the address, or when it refuses. */
export async function askDaemon(
  { url, token }: AdminAddress,
  method: 'GET' | 'POST',
  path: string,
): Promise<unknown> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      method,
      headers,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
  } catch (error) {
    throw new NoDaemonError(
      `No daemon answers at ${url} (${reasonOf(error)}). Start one: jeballto-runner start`,
    );
  }
  const body = (await response.json().catch(() => null)) as { message?: string } | null;
  if (response.ok && body !== null) return body;
  const said = body?.message ? `: ${body.message}` : '';
  if (response.status === 401) {
    throw new NoDaemonError(
      `The daemon at ${url} runs with another admin.token: use the config that it was started with.`,
    );
  }
  throw new NoDaemonError(
    body === null
      ? `What answers at ${url} is no jeballto-runner (status ${response.status}): look at admin.listen in the config.`
      : `The daemon at ${url} refused with status ${response.status}${said}`,
  );
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  if (cause?.code === 'ECONNREFUSED') return 'nothing listens there';
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error));
}
