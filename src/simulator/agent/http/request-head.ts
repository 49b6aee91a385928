import { invalidRequest, Refusal } from '../refusal.ts';

/** The agent's limits for one request, in bytes. */
export const MAX_HEAD_BYTES = 64 * 1024;
export const MAX_BODY_BYTES = 1024 * 1024;

export interface RequestHead {
  method: string;
  path: string;
  query: ReadonlyMap<string, string>;
  /** Names in lower case; each occurs once. */
  headers: ReadonlyMap<string, string>;
  contentLength: number;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** One slash first, and neither `%` nor `#`: the agent accepts no escapes in a path. */
const PATH = /^\/(?!\/)[!-"$&-~]*$/;

/**
 * Reads a request's first line and headers as strictly as the agent does. Throws 400 for what the agent
 * refuses, including any `Transfer-Encoding`, a repeated header, and a `%` in the path; 413 when the
 * announced body is too long.
 */
export function parseRequestHead(head: string): RequestHead {
  const [requestLine = '', ...lines] = head.split('\r\n');
  const [method, target, version, ...more] = requestLine.split(' ');
  if (!method || !target || more.length > 0 || !TOKEN.test(method))
    throw invalidRequest('Invalid request line');
  if (version !== 'HTTP/1.1' && version !== 'HTTP/1.0') throw invalidRequest('Unsupported HTTP version');
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!PATH.test(path)) throw invalidRequest('Invalid request path');
  const headers = parseHeaders(lines);
  if (headers.has('transfer-encoding')) throw invalidRequest('Transfer-Encoding is not supported');
  return {
    method,
    path,
    query: parseQuery(mark < 0 ? '' : target.slice(mark + 1)),
    headers,
    contentLength: parseLength(headers.get('content-length')),
  };
}

function parseHeaders(lines: string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!TOKEN.test(name)) throw invalidRequest('Invalid header');
    if (headers.has(name)) throw invalidRequest(`Duplicate header ${name}`);
    headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}

function parseLength(value: string | undefined): number {
  if (value === undefined) return 0;
  if (!/^\d{1,12}$/.test(value)) throw invalidRequest('Invalid Content-Length');
  if (Number(value) > MAX_BODY_BYTES) {
    const message = `Request body exceeds maximum size of ${MAX_BODY_BYTES} bytes`;
    throw new Refusal(413, 'PAYLOAD_TOO_LARGE', message);
  }
  return Number(value);
}

/** Returns the query of a request's target. Throws 400 for what the agent refuses. */
export function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  if (text === '') return query;
  for (const part of text.split('&')) {
    const equals = part.indexOf('=');
    const key = decode(equals < 0 ? part : part.slice(0, equals));
    if (key === '' || query.has(key)) throw invalidRequest('Invalid query string');
    query.set(key, equals < 0 ? '' : decode(part.slice(equals + 1)));
  }
  return query;
}

function decode(text: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(text);
  } catch {
    throw invalidRequest('Invalid query string');
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here
  if (/[\u0000-\u001f\u007f]/.test(decoded)) throw invalidRequest('Invalid query string');
  return decoded;
}
