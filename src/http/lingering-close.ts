import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';

/** Milliseconds and bytes for which a client may go on sending after it was refused. */
const LINGER_TIMEOUT = 2_000;
const MOST_BYTES = 32 * 1024 * 1024;
/** Milliseconds between two looks at both. */
const CHECK_INTERVAL = 20;

/**
 * Lets clients hear why their request was refused before its end. A socket that is closed while bytes of its client
 * are unread is reset by the system, and a reset destroys the response on its way. So the response is ended, what still
 * comes is read and thrown away for a while, and only then the socket is closed.
 */
export function lingerOnClose(server: Server): void {
  server.prependListener('request', (incoming) => {
    const { socket } = incoming;
    // Node calls it when the last response of a connection was written.
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
  // Node reads on by itself, and tells nobody of the bytes.
  const watch = setInterval(() => {
    left -= CHECK_INTERVAL;
    if (left <= 0 || socket.bytesRead > most) socket.destroy();
  }, CHECK_INTERVAL);
  socket.once('close', () => clearInterval(watch));
  socket.end();
}
