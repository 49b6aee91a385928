import { execFileSync } from 'node:child_process';

/** Why the size of a running process's files cannot be limited here; null when it can. */
export function whyNoLimits(): string | null {
  try {
    execFileSync('prlimit', ['--version']);
    return null;
  } catch {
    return 'prlimit, which limits the size of files of a running process, is not here';
  }
}

/**
 * From now on a write that makes a file larger than `bytes` fails as on a full disk; the process must ignore
 * SIGXFSZ.
 */
export function limitFiles(pid: number, bytes: number | 'unlimited'): void {
  execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}
