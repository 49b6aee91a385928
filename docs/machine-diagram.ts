import type { AnyStateNode } from 'xstate';
import { allNodes } from '../test/machines/machine-walk.ts';
import { pathOfNode, waysOf } from './machine-ways.ts';

/** Events that one arrow names at most: more make the picture unreadable. */
const MOST_LABELS = 4;

/**
 * Returns a compound state as a Mermaid `stateDiagram-v2`: each child is one box, with the arrows that leave it. The
 * regions of a parallel state are side by side. A guard is named if one event leads to several boxes. Events that the
 * state itself handles in all of its children are only in its table.
 */
export function diagramOf(state: AnyStateNode, { isNamed = true } = {}): string {
  const lines = state.type === 'parallel' ? regionsOf(state) : boxesOf(state, isNamed);
  const isFlat = childrenOf(state).every((child) => childrenOf(child).length === 0);
  const head = ['stateDiagram-v2', `  direction ${isFlat || !isNamed ? 'LR' : 'TB'}`];
  return ['```mermaid', ...head, ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

function regionsOf(state: AnyStateNode): string[] {
  return childrenOf(state).flatMap((region) => [
    `state "${region.key}" as ${idOf(region)} {`,
    ...['direction LR', ...boxesOf(region, true)].map((line) => `  ${line}`),
    '}',
  ]);
}

function boxesOf(state: AnyStateNode, isNamed: boolean): string[] {
  const children = childrenOf(state);
  const outside = new Map<string, string>();
  const boxOf = (target: AnyStateNode): string => {
    for (let node: AnyStateNode | undefined = target; node; node = node.parent) {
      if (node.parent === state) return idOf(node);
    }
    const id = `to_${idOf(target)}`;
    outside.set(id, pathOfNode(target));
    return id;
  };
  const arrows = children.flatMap((child) =>
    arrowsFrom(child, boxOf).map(([to, events]) => {
      const shown = events.length > MOST_LABELS ? [...events.slice(0, MOST_LABELS - 1), 'and more'] : events;
      return `${idOf(child)} --> ${to}${isNamed ? ` : ${shown.join('<br/>')}` : ''}`;
    }),
  );
  const initial = state.initial?.target?.[0];
  return [
    ...children.map((child) => `state "${child.key}" as ${idOf(child)}`),
    ...[...outside].map(([id, label]) => `state "${label}" as ${id}`),
    ...(initial ? [`[*] --> ${idOf(initial)}`] : []),
    ...arrows,
    ...children.filter(({ type }) => type === 'final').map((child) => `${idOf(child)} --> [*]`),
  ];
}

/** The boxes to which a child leads, each with the events that lead there. */
function arrowsFrom(child: AnyStateNode, boxOf: (target: AnyStateNode) => string): [string, string[]][] {
  const ways = allNodes(child)
    .flatMap(waysOf)
    .flatMap(({ event, guard, to }) => (to === null ? [] : [{ event, guard, to: boxOf(to) }]));
  const targets = [...new Set(ways.map(({ to }) => to))].filter((to) => to !== idOf(child));
  return targets.map((target) => {
    const here = ways.filter(({ to }) => to === target);
    const labels = here.map(({ event, guard }) => {
      const isAmbiguous = ways.some((other) => other.event === event && other.to !== target);
      const isAnyway = here.some((other) => other.event === event && other.guard === null);
      return isAmbiguous && !isAnyway ? `${event}<br/>(${guard})` : event;
    });
    return [target, [...new Set(labels)]];
  });
}

function childrenOf(state: AnyStateNode): AnyStateNode[] {
  return Object.values(state.states);
}

function idOf(node: AnyStateNode): string {
  return node.path.join('_');
}
