import type { AnyStateNode } from 'xstate';
import { allNodes } from '../test/machines/machine-walk.ts';
import { answersOf, pathOfNode, type Way } from './machine-ways.ts';
import { markdownTable } from './markdown.ts';

/**
 * Returns what an actor in this leaf does with this event, as a cell: `·` for nothing, `stays`, or the states it leads
 * to.
 */
export function matrixCell(leaf: AnyStateNode, eventType: string): string {
  return [...new Set(answersOf(leaf, eventType).map(goal))].join(' / ') || '·';
}

/** Returns a table of every leaf and every event from outside. */
export function eventMatrix(root: AnyStateNode, eventTypes: readonly string[]): string {
  const rows = restingLeaves(root).map((leaf) => [
    `\`${pathOfNode(leaf)}\``,
    ...eventTypes.map((type) => matrixCell(leaf, type)),
  ]);
  return markdownTable(['state', ...eventTypes.map((type) => `\`${type}\``)], rows);
}

/** Returns a table of every leaf and both ends of each effect and wait that runs in it, also those of its ancestors. */
export function effectMatrix(root: AnyStateNode): string {
  const rows = restingLeaves(root).flatMap((leaf) =>
    invokesIn(leaf).map((id) => [
      `\`${pathOfNode(leaf)}\``,
      `\`${id}\``,
      matrixCell(leaf, `xstate.done.actor.${id}`),
      matrixCell(leaf, `xstate.error.actor.${id}`),
    ]),
  );
  return markdownTable(['state', 'effect or wait', 'done', 'failed'], rows);
}

/** Leaves in which an actor can stay: not a final one, and not one that is left at once. */
function restingLeaves(root: AnyStateNode): AnyStateNode[] {
  return allNodes(root).filter(
    ({ states, type, always }) =>
      Object.keys(states).length === 0 &&
      type !== 'final' &&
      !(always ?? []).some(({ guard }) => guard === undefined),
  );
}

function invokesIn(leaf: AnyStateNode): string[] {
  const ids: string[] = [];
  for (let node: AnyStateNode | undefined = leaf; node; node = node.parent) {
    ids.push(...node.invoke.map(({ id }) => id));
  }
  return ids;
}

function goal({ to, does }: Way): string {
  if (to === null) return does.length > 0 ? 'stays' : '·';
  return to.key;
}
