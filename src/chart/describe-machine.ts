import type { AnyStateMachine, AnyStateNode } from 'xstate';

/** A state as it is drawn and listed. Paths are those of the journal: `running.retiring.settling`. */
export interface ChartNode {
  path: string;
  /** Empty for a top state. */
  parent: string;
  name: string;
  kind: 'atomic' | 'compound' | 'parallel' | 'final';
  isInitial: boolean;
  description: string;
  tags: string[];
  /** The effects that run while the machine is in it. */
  effects: string[];
}

/** One transition from a state to another; `to` is null for a transition that stays in its state. */
export interface ChartTransition {
  from: string;
  to: string | null;
  /** `createVm done`, `job.completed`, `always`. */
  event: string;
  /** The guard that must be true; empty without one. */
  guard: string;
}

export interface ChartDescription {
  id: string;
  nodes: ChartNode[];
  transitions: ChartTransition[];
}

/** Reads a machine's own definition: every drawing and every list of its states is made from this. */
export function describeMachine(machine: AnyStateMachine): ChartDescription {
  const nodes: ChartNode[] = [];
  const transitions: ChartTransition[] = [];
  const visit = (node: AnyStateNode) => {
    if (node.parent) nodes.push(nodeOf(node));
    for (const { eventType, guard, target } of [...node.transitions.values()].flat()) {
      transitions.push(...ways(node, spokenEvent(eventType), guard, target));
    }
    for (const { guard, target } of node.always ?? [])
      transitions.push(...ways(node, 'always', guard, target));
    for (const child of Object.values(node.states)) visit(child as AnyStateNode);
  };
  visit(machine.root);
  return { id: machine.id, nodes, transitions };
}

function nodeOf(node: AnyStateNode): ChartNode {
  const { parent } = node;
  return {
    path: node.path.join('.'),
    parent: node.path.slice(0, -1).join('.'),
    name: node.key,
    kind: node.type === 'history' ? 'atomic' : node.type,
    isInitial: parent?.type === 'parallel' || parent?.initial?.target?.includes(node) === true,
    description: node.description ?? '',
    tags: node.tags,
    effects: node.invoke.map(({ src }) => String(src)),
  };
}

function ways(
  node: AnyStateNode,
  event: string,
  guard: unknown,
  target: readonly AnyStateNode[] | undefined,
): ChartTransition[] {
  const way = { from: node.path.join('.'), event, guard: spokenGuard(guard) };
  return target ? target.map((to) => ({ ...way, to: to.path.join('.') })) : [{ ...way, to: null }];
}

function spokenEvent(type: string): string {
  const match = /^xstate\.(done|error)\.(?:actor|state)\.(.+)$/.exec(type);
  if (!match) return type;
  return `${(match[2] ?? '').replace(/^job\./, '')} ${match[1] === 'done' ? 'done' : 'failed'}`;
}

function spokenGuard(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type);
  return guard ? 'by its result' : '';
}
