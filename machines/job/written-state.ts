import type { JobTopState } from '../job.ts';

/** The top state of a path that the journal wrote; empty before the first. */
function topOf(path: string): JobTopState | '' {
  return path.split(/[.,]/)[0] as JobTopState | '';
}

/** Whether a transition to this path was the last of its actor. */
export function isOver(to: string): boolean {
  return topOf(to) === 'done' || isFailed(to);
}

/** Whether it ended an actor that gave its job up. */
export function isFailed(to: string): boolean {
  return topOf(to) === 'failed';
}

/** Whether a transition was the one by which an attempt came to its teardown. */
export function beginsTeardown(from: string, to: string): boolean {
  return isTearingDown(to) && !isTearingDown(from);
}

export function isTearingDown(path: string): boolean {
  return topOf(path) === 'tearingDown';
}
