import type { Logger } from 'pino';
import type { WriteHealth } from '../store/group-commit.ts';

/** Tells the log when the store cannot be written any more, and when it can be again. */
export function tellWrites(log: Logger): (health: WriteHealth) => void {
  return ({ ok, lastError }) => {
    if (ok) log.info('the store can be written again; work goes on');
    else log.error({ lastError }, `the store cannot be written, so nothing new starts: ${lastError}`);
  };
}
