import { once } from 'node:events';
import { createServer } from 'node:net';

/** Listens at the address for a moment. Returns why that cannot be done now; null when it can. */
export async function listenProblem(host: string, port: number): Promise<string | null> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return 'another process listens there';
    if (code === 'EACCES') return 'this user may not use that port';
    return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' ? 'this machine has no such address' : message;
  }
  server.close();
  await once(server, 'close');
  return null;
}
