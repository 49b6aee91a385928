import { describe, expect, test } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { createBreakerMachine, DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { createHostMachine } from '../../machines/host.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { createJobMachine } from '../../machines/job.ts';
import { createWebhooksMachine, DEFAULT_WEBHOOKS_POLICY } from '../../machines/webhooks.ts';
import { allNodes } from './machine-walk.ts';

const now = () => 0;
const machines: AnyStateMachine[] = [
  createJobMachine({ policy: DEFAULT_POLICY, now }),
  createHostMachine({ policy: { checkInterval: 1, lostAfter: 1 }, now }),
  createBreakerMachine({ policy: DEFAULT_BREAKER_POLICIES.pair, now }),
  createWebhooksMachine({ policy: DEFAULT_WEBHOOKS_POLICY, now }),
];

const isWithin = (node: AnyStateNode | undefined, outer: AnyStateNode): boolean =>
  node !== undefined && (node === outer || isWithin(node.parent, outer));

/** The node and the states below it that have no description, which its own description covers. */
function spokenFor(node: AnyStateNode): AnyStateNode[] {
  const silent = Object.values(node.states).filter(({ description }) => description === undefined);
  return [node, ...silent.flatMap((child) => spokenFor(child as AnyStateNode))];
}

/** The states outside of this one to which a transition leads. */
function goals(node: AnyStateNode): AnyStateNode[] {
  const ways = spokenFor(node).flatMap(({ transitions, always = [] }) => [
    ...[...transitions.values()].flat(),
    ...always,
  ]);
  return ways.flatMap(({ target }) => target ?? []).filter((goal) => !isWithin(goal, node));
}

/** The state itself and those around it, by their keys: a description may name any of them. */
const names = (goal: AnyStateNode): string[] => [
  goal.path.join('.'),
  goal.key,
  ...(goal.parent && goal.parent.path.length > 0 ? names(goal.parent) : []),
];

const quoted = (description: string) => [...description.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? '');

describe.each(machines)('the descriptions of the $id machine', (machine) => {
  const described = allNodes(machine.root).filter(({ description, parent }) => parent && description);

  test('name every state that a transition leads to', () => {
    const missing = described.flatMap((node) =>
      goals(node)
        // A sibling state for a pause or a try has no description, and need not be named.
        .filter((goal) => goal.description !== undefined || !isWithin(goal, node.parent as AnyStateNode))
        .filter((goal) => !names(goal).some((name) => quoted(node.description ?? '').includes(name)))
        .map((goal) => `${node.path.join('.')} → ${goal.path.join('.')}`),
    );
    expect([...new Set(missing)]).toEqual([]);
  });

  test('name only states of the machine', () => {
    const known = new Set(allNodes(machine.root).flatMap(({ key, path }) => [key, path.join('.')]));
    const unknown = described.flatMap(({ path, description }) =>
      quoted(description ?? '')
        .filter((name) => !known.has(name))
        .map((name) => `${path.join('.')}: ${name}`),
    );
    expect(unknown).toEqual([]);
  });
});
