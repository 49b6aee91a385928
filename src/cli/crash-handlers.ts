import type { Logger } from 'pino';

/**
 * Ends the process on an error that nobody handled: what goes on after one is guesswork, and every state is on disk
 * for the next start. Answers how to take the handlers away.
 */
export function exitOnCrash(log: Logger, exit: (code: number) => void): () => void {
  const end = (error: unknown) => {
    log.fatal(
      { err: error },
      'an error that nobody handled: the daemon ends, and its next start goes on from the store',
    );
    exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
  return () => {
    process.off('uncaughtException', end);
    process.off('unhandledRejection', end);
  };
}
