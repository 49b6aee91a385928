import type { Socket } from 'node:net';
import { type Clock, sleepFor } from '../../../clock.ts';
import { invalidRequest, Refusal } from '../refusal.ts';
import type { ClientSignals } from './exchange.ts';
import { encodeReply, errorReply, type Reply } from './reply.ts';
import { MAX_HEAD_BYTES, parseRequestHead, type RequestHead } from './request-head.ts';

const HEAD_END = '\r\n\r\n';
/** Milliseconds that a client may take to close its side after the response. */
const LINGER_MS = 1_000;

export type Answer = (head: RequestHead, body: Buffer, client: ClientSignals) => Promise<Reply | 'cut'>;

/**
 * Serves the one request that a connection may carry. A request that is not complete after `receiveMs` ends
 * the connection without a response; bytes after the announced body are refused with 400.
 */
export async function serveConnection(socket: Socket, clock: Clock, receiveMs: number, answer: Answer) {
  const reset = new AbortController();
  const gone = new AbortController();
  socket.on('error', () => reset.abort(new Error('the client reset the connection')));
  socket.on('close', () => gone.abort(new Error('the client is gone')));
  socket.on('end', () => gone.abort(new Error('the client closed its side')));
  const received = new AbortController();
  sleepFor(clock, receiveMs, received.signal).then(
    () => socket.destroy(),
    () => undefined,
  );
  let reply: Reply | 'cut';
  try {
    const request = await receive(socket).finally(() => received.abort());
    if (request === null) {
      socket.destroy();
      return;
    }
    reply = await answer(request.head, request.body, { reset: reset.signal, gone: gone.signal });
  } catch (error) {
    reply = errorReply(error);
  }
  if (reply === 'cut') socket.destroy();
  else if (reply.dripMs === undefined) finish(socket, encodeReply(reply));
  else await drip(socket, encodeReply(reply), clock, reply.dripMs);
}

/** Writes one byte after the other, while the client reads. */
async function drip(socket: Socket, response: Buffer, clock: Clock, everyMs: number): Promise<void> {
  for (let at = 0; at < response.length && socket.writable; at += 1) {
    socket.write(response.subarray(at, at + 1));
    await sleepFor(clock, everyMs);
  }
  finish(socket, Buffer.alloc(0));
}

/**
 * Writes the response and waits a moment for the client to close, so that unread input does not reset the
 * connection.
 */
export function finish(socket: Socket, response: Buffer): void {
  socket.end(response);
  socket.removeAllListeners('data');
  socket.resume();
  socket.setTimeout(LINGER_MS, () => socket.destroy());
}

/** Reads the whole request; null when the client closed before its end. Rejects with the parser's refusal. */
function receive(socket: Socket): Promise<{ head: RequestHead; body: Buffer } | null> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    let head: RequestHead | null = null;
    let bodyAt = 0;
    const read = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      if (!head) {
        const end = bytes.indexOf(HEAD_END);
        if (end > MAX_HEAD_BYTES || (end < 0 && bytes.length > MAX_HEAD_BYTES)) throw headTooLong();
        if (end < 0) return;
        head = parseRequestHead(bytes.toString('latin1', 0, end));
        bodyAt = end + HEAD_END.length;
      }
      const body = bytes.subarray(bodyAt);
      if (body.length > head.contentLength) throw invalidRequest('Request body exceeds Content-Length');
      if (body.length === head.contentLength) resolve({ head, body });
    };
    socket.on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (error) {
        reject(error);
      }
    });
    socket.once('end', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}

function headTooLong(): Refusal {
  const message = `Request headers exceed maximum size of ${MAX_HEAD_BYTES} bytes`;
  return new Refusal(431, 'HEADERS_TOO_LARGE', message);
}
