import type { AnyStateNode } from 'xstate';
import { createBreakerMachine, DEFAULT_BREAKER_POLICIES } from '../machines/breaker.ts';
import { createHostMachine } from '../machines/host.ts';
import { DEFAULT_POLICY } from '../machines/job/policy.ts';
import { createJobMachine } from '../machines/job.ts';
import { createWebhooksMachine, DEFAULT_WEBHOOKS_POLICY } from '../machines/webhooks.ts';

const now = () => 0;

/** The root state of each machine of the page. */
export const ROOTS = {
  job: createJobMachine({ policy: DEFAULT_POLICY, now }).root as AnyStateNode,
  host: createHostMachine({ policy: { checkInterval: 0, lostAfter: 0 }, now }).root as AnyStateNode,
  breaker: createBreakerMachine({ policy: DEFAULT_BREAKER_POLICIES.pair, now }).root as AnyStateNode,
  webhooks: createWebhooksMachine({ policy: DEFAULT_WEBHOOKS_POLICY, now }).root as AnyStateNode,
};

export type MachineName = keyof typeof ROOTS;
