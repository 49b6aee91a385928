import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Milliseconds for a process to end by itself. */
const PATIENCE = 20_000;

/** A child process of the bench that answers questions over its IPC channel; both are plain data. */
export interface Child extends AsyncDisposable {
  ask<Answer>(question: string, input?: unknown): Promise<Answer>;
  kill(signal: NodeJS.Signals): void;
}

interface Reply {
  id: number;
  answer?: unknown;
  error?: string;
}

/**
 * Starts a file of this folder that calls `serveQuestions`, so that the measured code and the measuring code
 * share no thread. Its standard output is dropped. Disposing ends it. BENCH_PROFILE in the environment names
 * a folder for a CPU profile of each child.
 */
export function startChild(file: string, args: string[] = [], execArgv: string[] = []): Child {
  const { BENCH_PROFILE: profile } = process.env;
  const profiled = profile ? ['--cpu-prof', '--cpu-prof-dir', profile] : [];
  const child = fork(join(import.meta.dirname, file), args, {
    execArgv: ['--import', 'tsx', ...profiled, ...execArgv],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const waiting = new Map<number, (reply: Reply) => void>();
  let asked = 0;
  child.on('message', (reply: Reply) => waiting.get(reply.id)?.(reply));
  child.on('exit', (code) => {
    for (const [id, settle] of waiting) settle({ id, error: `${file} has ended with ${code}` });
  });
  return {
    ask: (question, input) =>
      new Promise((resolve, reject) => {
        asked += 1;
        const id = asked;
        waiting.set(id, ({ answer, error }) => {
          waiting.delete(id);
          if (error === undefined) resolve(answer as never);
          else reject(new Error(error));
        });
        child.send({ id, question, input });
      }),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      // It then ends by itself and writes its profile.
      child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
      await gone;
      clearTimeout(late);
    },
  };
}

/** The other end: answers each question by its handler. Errors go back as their message. */
export function serveQuestions(handlers: Record<string, (input: never) => unknown>): void {
  process.on('message', async ({ id, question, input }: { id: number; question: string; input: unknown }) => {
    try {
      const handler = handlers[question];
      if (!handler) throw new Error(`nobody answers "${question}"`);
      process.send?.({ id, answer: await handler(input as never) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.on('disconnect', () => process.exit(0));
}
