import type { AnswerHeaders } from './rate-limit.ts';

export interface RawAnswer {
  status: number;
  headers: AnswerHeaders;
  data: unknown;
}

/**
 * How a request through Octokit ended. Octokit's errors do not leave this file: they contain the request with
 * its body, and the response (law 7).
 */
export interface OctokitOutcome {
  /** Null when no response came. */
  answer: RawAnswer | null;
  /** Why no response came. */
  problem: string;
}

/** Returns the outcome of a request that Octokit rejected. */
export function readOctokitError(error: unknown): OctokitOutcome {
  const { response, cause } = (error ?? {}) as { response?: RawAnswer; cause?: unknown };
  return {
    answer: typeof response?.status === 'number' ? response : null,
    problem: problemOf(cause),
  };
}

/**
 * Returns the `message` of GitHub's JSON refusal with the sentences of its `errors`. Null for a response that is not
 * GitHub's: a page of a proxy or a gateway in front of it.
 */
export function messageOf(data: unknown): string | null {
  const { message, errors } = (data ?? {}) as { message?: unknown; errors?: unknown };
  if (typeof message !== 'string') return null;
  const details = Array.isArray(errors) ? errors.filter((one) => typeof one === 'string') : [];
  return [message, ...details].join(': ');
}

/**
 * Reads only codes: the text of fetch's error quotes a header that it refuses, and one of the headers is the
 * token.
 */
function problemOf(cause: unknown): string {
  if (cause instanceof Error && cause.name === 'TimeoutError') return 'no answer in time';
  const refused = tunnelRefusal(cause);
  if (refused !== null) return `the proxy refused to connect, with ${refused}`;
  const code = codeOf(cause) ?? codeOf((cause as { cause?: unknown } | undefined)?.cause);
  return code ?? 'the request could not be made; look for wrong characters in the token';
}

/** The status of a proxy's response to CONNECT; only undici's text has it. */
function tunnelRefusal(cause: unknown): string | null {
  const { message, cause: inner } = (cause ?? {}) as { message?: unknown; cause?: unknown };
  const found = /^Proxy response \((\d{3})\)/.exec(typeof message === 'string' ? message : '')?.[1];
  return found ?? (inner instanceof Error ? tunnelRefusal(inner) : null);
}

function codeOf(value: unknown): string | null {
  const { code } = (value ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : null;
}
