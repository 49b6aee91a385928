import { STATUS_CODES } from 'node:http';
import { Refusal } from '../refusal.ts';

export interface Reply {
  status: number;
  /** Sent as pretty-printed JSON; undefined sends no body. */
  body?: unknown;
  /** A body that is not JSON. */
  bytes?: { type: string; data: Buffer };
  headers?: Readonly<Record<string, string>>;
  /** Milliseconds between two bytes; everything at once when left out. */
  dripMs?: number;
}

export const ok = (body: unknown): Reply => ({ status: 200, body });
export const noContent: Reply = { status: 204 };

/**
 * Returns the agent's one error envelope; any error that is not a Refusal is a bug in the simulator and is reported as
 * one.
 */
export function errorReply(error: unknown): Reply {
  if (error instanceof Refusal) return refusalReply(error.status, error.code, error.message);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return refusalReply(500, 'INTERNAL_ERROR', `fault in the simulated agent: ${message}`);
}

export function refusalReply(status: number, code: string, message: string): Reply {
  return { status, body: { error: { code, message } } };
}

/** Returns the bytes of a whole response, always with a length and with `Connection: close`. */
export function encodeReply(reply: Reply): Buffer {
  const data = reply.bytes?.data ?? encodeBody(reply.body);
  const headers = {
    ...(data.length > 0 ? { 'Content-Type': reply.bytes?.type ?? 'application/json' } : {}),
    'Content-Length': String(data.length),
    Connection: 'close',
    ...reply.headers,
  };
  const reason = STATUS_CODES[reply.status] ?? 'Unknown';
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${reply.status} ${reason}\r\n${lines.join('')}\r\n`), data]);
}

function encodeBody(body: unknown): Buffer {
  if (body === undefined) return Buffer.alloc(0);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body, null, 2));
}
