import type { Config } from '../../config/schema.ts';
import { listenProblem } from '../listen-problem.ts';
import { about, type Finding } from './finding.ts';

/** Listens for a moment on each address that `start` will listen on. */
export async function checkListeners({ admin, controller }: Config): Promise<Finding[]> {
  const { ok, wrong } = about('ports');
  const listeners = { 'controller.webhook_listen': controller.webhook_listen, 'admin.listen': admin.listen };
  const findings: Finding[] = [];
  for (const [key, { host, port }] of Object.entries(listeners)) {
    const address = `${host}:${port}`;
    const why = await listenProblem(host, port);
    findings.push(
      why === null
        ? ok(`${address} is free (${key}).`)
        : wrong(`The daemon cannot listen on ${address}: ${why}. Choose another address in ${key}.`),
    );
  }
  return findings;
}
