import type { AnyStateMachine, AnyStateNode, StateValue } from 'xstate';

/**
 * `running.idle.watching`; a space separates the regions of a parallel state: `tearingDown vm.acting
 * runner.gone`.
 */
export function pathOf(value: StateValue): string {
  if (typeof value === 'string') return value;
  return Object.entries(value)
    .map(([key, inner]) => {
      const rest = pathOf(inner as StateValue);
      const isParallel = typeof inner === 'object' && Object.keys(inner).length > 1;
      return `${key}${isParallel ? ' ' : '.'}${rest}`;
    })
    .join(' ');
}

export function allNodes(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(allNodes)];
}

/** Whether the state is always left as soon as it is entered. */
const isPassing = (node: AnyStateNode) => (node.always ?? []).some(({ guard }) => guard === undefined);
const isFinal = (node: AnyStateNode, value: StateValue | undefined): boolean =>
  typeof value === 'string' && node.states[value]?.type === 'final';

/**
 * Every state value in which an actor can rest: not a state that is only passed through, and not a parallel
 * state whose regions have all ended.
 */
export function restingValues(machine: AnyStateMachine): StateValue[] {
  return valuesBelow(machine.root);
}

function valuesBelow(node: AnyStateNode): StateValue[] {
  const children = Object.entries(node.states);
  if (node.type !== 'parallel') {
    return children
      .filter(([, child]) => !isPassing(child))
      .flatMap(([key, child]): StateValue[] =>
        Object.keys(child.states).length === 0
          ? [key]
          : valuesBelow(child).map((value) => ({ [key]: value })),
      );
  }
  const regions = children.map(([key, child]) => valuesBelow(child).map((value) => [key, value] as const));
  const combined = regions.reduce<(readonly (readonly [string, StateValue])[])[]>(
    (sofar, region) => sofar.flatMap((some) => region.map((one) => [...some, one])),
    [[]],
  );
  return combined
    .filter((some) => !some.every(([key, value]) => isFinal(node.states[key] as AnyStateNode, value)))
    .map((some) => Object.fromEntries(some));
}
