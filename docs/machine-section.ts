import type { AnyStateNode } from 'xstate';
import { diagramOf } from './machine-diagram.ts';
import { nameOf, pathOfNode, type Way, waysOf } from './machine-ways.ts';
import { markdownTable } from './markdown.ts';

/**
 * Returns true for a state at the top of its machine, and for one with states within, apart from a region and what is
 * in it.
 */
export function hasSection({ parent, states }: AnyStateNode): boolean {
  if (parent === undefined) return false;
  if (parent.parent === undefined) return true;
  return Object.keys(states).length > 0 && parent.type !== 'parallel' && hasSection(parent);
}

/**
 * Returns the section of a state: its picture, its facts, and every transition from it or from its children without a
 * section.
 */
export function stateSection(state: AnyStateNode, heading: string): string {
  const children: AnyStateNode[] = Object.values(state.states);
  const plain = children.filter((child) => Object.keys(child.states).length === 0);
  const regions = state.type === 'parallel' ? children.flatMap(({ states }) => Object.values(states)) : [];
  const nodes = [state, ...plain, ...(regions as AnyStateNode[])];
  const ways = nodes.flatMap((node) => waysOf(node).map((way) => wayRow(state, node, way)));
  return [
    `${heading} \`${pathOfNode(state)}\``,
    state.description ?? '',
    describedChildren(state.type === 'parallel' ? nodesBelow(state) : plain),
    ...(children.length > 0 ? [diagramOf(state)] : []),
    factsTable(state, nodes),
    ...(ways.length > 0 ? [markdownTable(['in', 'event', 'when', 'goes to', 'does'], ways)] : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** The descriptions of states that have no section. */
function describedChildren(nodes: AnyStateNode[]): string {
  return nodes
    .filter(({ description }) => description !== undefined)
    .map((node) => `- \`${pathOfNode(node)}\`: ${node.description}`)
    .join('\n');
}

function nodesBelow({ states }: AnyStateNode): AnyStateNode[] {
  const children: AnyStateNode[] = Object.values(states);
  return children.flatMap((child) => [child, ...nodesBelow(child)]);
}

function factsTable(state: AnyStateNode, nodes: AnyStateNode[]): string {
  const rows = nodes
    .map((node) => [
      placeOf(state, node),
      list(node.tags),
      list(node.invoke.map(({ id, src }) => (src === 'waitUntil' ? `${id} (a wait)` : id))),
      list(node.entry.map(nameOf)),
    ])
    .filter(([, ...facts]) => facts.some((fact) => fact !== ''));
  return rows.length === 0 ? '' : markdownTable(['state', 'tags', 'runs', 'on entry'], rows);
}

function wayRow(state: AnyStateNode, node: AnyStateNode, { event, guard, to, does }: Way): string[] {
  const goes = to === null ? (does.length > 0 ? 'stays' : 'is ignored') : `\`${pathOfNode(to)}\``;
  return [placeOf(state, node), `\`${event}\``, guard ?? '', goes, list(does)];
}

function placeOf(state: AnyStateNode, node: AnyStateNode): string {
  if (node !== state) return `\`${node.path.slice(state.path.length).join('.')}\``;
  return Object.keys(state.states).length > 0 ? 'all of it' : `\`${state.key}\``;
}

function list(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ');
}
