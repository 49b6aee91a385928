import { uptime } from 'node:os';

/** Returns the seconds for which this Mac has run; null on another system. */
export function macUptime(): number | null {
  return process.platform === 'darwin' ? uptime() : null;
}
