// What the simulated runner's two programs have in common: the runner's folder, its logs, and requests to the server.
// The folder is the working directory.
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = process.cwd();
export const VERSION = process.env.SIM_RUNNER_VERSION ?? '2.336.0';
/** By which a worker tells its listener how the job ended. */
export const WORKER_EXITS = { success: 100, failure: 102, cancelled: 103 };

/** A path in the runner's folder. */
export const inRoot = (...names) => join(ROOT, ...names);
export const utc = () => new Date().toISOString().slice(0, 19).replace('T', ' ');

/** Opens the log of one process, which is `Runner` or `Worker`. */
export function openLog(role) {
  mkdirSync(inRoot('_diag'), { recursive: true });
  const path = inRoot('_diag', `${role}_${utc().replace(/[-:]/g, '').replace(' ', '-')}-utc.log`);
  return {
    append: (text) => appendFileSync(path, text),
    trace: (text) => appendFileSync(path, `[${utc()}Z INFO ${role}] ${text}\n`),
  };
}

/** A function that sends JSON. The status is 0, and `message` says why, when nothing answered. */
export function requester({ trace }) {
  return async (method, url, authorization, body, signal) => {
    const timeout = AbortSignal.timeout(100_000);
    try {
      const response = await fetch(url, {
        method,
        headers: { authorization, 'user-agent': `GitHubActionsRunner/${VERSION}` },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      trace(`${method} ${new URL(url).pathname} answered ${response.status}`);
      const { status } = response;
      return {
        message: `the server answered ${status}`,
        ...(text.startsWith('{') ? JSON.parse(text) : {}),
        status,
      };
    } catch (error) {
      // Not its own message: one about headers would quote them.
      return { status: 0, message: error.cause?.message ?? error.name };
    }
  };
}
