import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** Milliseconds and bytes for which a refused client may go on sending. */
const LINGER_TIMEOUT = 2_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** Milliseconds between two checks of both. */
const CHECK_INTERVAL = 20;

/**
 * Lets a client receive the refusal of a request that it is still sending. A socket that is closed while
 * bytes from its client are unread is reset by the system, and the reset destroys the response on its way. So
 * the response is sent and ended, further input is read and thrown away for a while, and only then is the
 * socket closed.
 */
export function lingerOnClose(server: Server): void {
  server.prependListener('request', (incoming) => {
    const { socket } = incoming;
    // Node calls it when the last response of a connection has been written.
    socket.destroySoon = () => {
      if (incoming.complete) Socket.prototype.destroySoon.call(socket);
      else linger(incoming);
    };
  });
}

function linger({ socket }: IncomingMessage): void {
  socket.destroySoon = () => undefined;
  const most = socket.bytesRead + MOST_BYTES;
  let left = LINGER_TIMEOUT;
  // Node reads on by itself and has no event for these bytes.
  const watch = setInterval(() => {
    left -= CHECK_INTERVAL;
    if (left <= 0 || socket.bytesRead > most) socket.destroy();
  }, CHECK_INTERVAL);
  socket.once('close', () => clearInterval(watch));
  socket.end();
}
