import { dirname } from 'node:path';
import { UsageError } from './command.ts';

/** The error that says why a file that a command makes could not be written, and what to do. */
export function notWritten(path: string, error: unknown): UsageError {
  return new UsageError(why(path, (error as NodeJS.ErrnoException).code ?? String(error)));
}

function why(path: string, code: string): string {
  if (code === 'EEXIST')
    return `${path} is there already: name another with -o, or overwrite it with --force.`;
  if (code === 'ENOENT')
    return `The folder ${dirname(path)} does not exist: make it, or name another file with -o.`;
  if (code === 'EISDIR') return `${path} is a folder: name a file in it with -o.`;
  return `${path} cannot be written (${code}): name another file with -o.`;
}
