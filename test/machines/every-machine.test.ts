import { describe, expect, test } from 'vitest';
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import { createBreakerMachine, DEFAULT_BREAKER_POLICIES } from '../../machines/breaker.ts';
import { createHostMachine } from '../../machines/host.ts';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { createJobMachine } from '../../machines/job.ts';
import { createWebhooksMachine, DEFAULT_WEBHOOKS_POLICY } from '../../machines/webhooks.ts';
import { allNodes } from './machine-walk.ts';

const now = () => 0;
const MACHINES: Record<string, AnyStateMachine> = {
  job: createJobMachine({ policy: DEFAULT_POLICY, now }),
  host: createHostMachine({ policy: { checkInterval: 1, lostAfter: 1 }, now }),
  breaker: createBreakerMachine({ policy: DEFAULT_BREAKER_POLICIES.host, now }),
  webhooks: createWebhooksMachine({ policy: DEFAULT_WEBHOOKS_POLICY, now }),
};

describe.each(Object.entries(MACHINES))('the machine of a %s', (_name, machine) => {
  const nodes: AnyStateNode[] = allNodes(machine.root);
  const invokes = nodes.flatMap((node) =>
    [node.config.invoke ?? []].flat().map((invoke) => ({ node, invoke })),
  );

  test('handles the end and the failure of every invoke, each of which has an id', () => {
    expect(invokes.length).toBeGreaterThan(0);
    for (const { node, invoke } of invokes) {
      expect(invoke, node.id).toMatchObject({ id: expect.any(String), src: expect.any(String) });
      expect([invoke.onDone, invoke.onError], `${node.id}: ${invoke.id}`).not.toContain(undefined);
    }
  });

  test('uses no timer of XState, since those are lost in a restart', () => {
    expect(nodes.flatMap(({ id, after }) => (after.length > 0 ? [id] : []))).toEqual([]);
  });
});
