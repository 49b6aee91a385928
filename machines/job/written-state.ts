import type { JobTopState } from '../job.ts';

/** The top state of a path in the journal; empty before the first transition. */
function topOf(path: string): JobTopState | '' {
  return path.split(/[.,]/)[0] as JobTopState | '';
}

/** Returns whether a transition to this path was the last of its actor. */
export function isOver(to: string): boolean {
  return topOf(to) === 'done' || isFailed(to);
}

/** Returns whether it ended an actor whose job is given up. */
export function isFailed(to: string): boolean {
  return topOf(to) === 'failed';
}

/** Returns whether a transition led from another state to the teardown. */
export function beginsTeardown(from: string, to: string): boolean {
  return isTearingDown(to) && !isTearingDown(from);
}

export function isTearingDown(path: string): boolean {
  return topOf(path) === 'tearingDown';
}

/** Returns whether an actor that has a VM still has its slot in this state: until the VM is gone. */
export function isInSlot(path: string): boolean {
  return !isOver(path) && !path.includes('tearingDown.vm.gone');
}
