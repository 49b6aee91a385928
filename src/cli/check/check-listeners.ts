import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../config/schema.ts';
import { about, type Finding } from './finding.ts';

/** Listens for a moment on each address that `start` will listen on. */
export async function checkListeners({ admin, controller }: Config): Promise<Finding[]> {
  const { ok, wrong } = about('ports');
  const listeners = { 'controller.webhook_listen': controller.webhook_listen, 'admin.listen': admin.listen };
  const findings: Finding[] = [];
  for (const [key, { host, port }] of Object.entries(listeners)) {
    const address = `${host}:${port}`;
    const why = await whyNoListener(host, port);
    findings.push(
      why === null
        ? ok(`${address} is free (${key}).`)
        : wrong(`${address} cannot be listened on: ${why}. Choose another address in ${key}.`),
    );
  }
  return findings;
}

async function whyNoListener(host: string, port: number): Promise<string | null> {
  const server = createServer().listen({ host, port });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') return 'another process listens there';
    if (code === 'EACCES') return 'this user may not take that port';
    return code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' ? 'this machine has no such address' : message;
  }
  server.close();
  await once(server, 'close');
  return null;
}
