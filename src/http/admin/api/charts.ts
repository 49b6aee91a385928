import { createBreakerMachine, DEFAULT_BREAKER_POLICIES } from '../../../../machines/breaker.ts';
import { createHostMachine } from '../../../../machines/host.ts';
import { DEFAULT_POLICY } from '../../../../machines/job/policy.ts';
import { createJobMachine } from '../../../../machines/job.ts';
import { createWebhooksMachine, DEFAULT_WEBHOOKS_POLICY } from '../../../../machines/webhooks.ts';
import { type ChartDescription, describeMachine } from '../../../chart/describe-machine.ts';
import { type ChartLayout, type ChartShape, layOutChart } from '../../../chart/lay-out-chart.ts';

/**
 * Returns the machines that the daemon runs. Their policies change neither states nor arrows, so any policy will do.
 */
export function machines() {
  const now = () => 0;
  return [
    createJobMachine({ policy: DEFAULT_POLICY, now }),
    createHostMachine({ policy: { checkInterval: 0, lostAfter: 0 }, now }),
    createWebhooksMachine({ policy: DEFAULT_WEBHOOKS_POLICY, now }),
    createBreakerMachine({ policy: DEFAULT_BREAKER_POLICIES.pair, now }),
  ];
}

export interface Chart {
  id: string;
  description: ChartDescription;
  layout: ChartLayout;
}

const drawn = new Map<ChartShape, Promise<Chart[]>>();

/**
 * Returns every machine's chart. Each shape is laid out once in a process, at its first request: definitions do not
 * change, and a layout takes a second or two of a whole core.
 */
export function chartsOf(shape: ChartShape): Promise<Chart[]> {
  const known = drawn.get(shape);
  if (known) return known;
  const charts = Promise.all(machines().map(drawChart(shape)));
  drawn.set(shape, charts);
  return charts;
}

function drawChart(shape: ChartShape) {
  return async (machine: ReturnType<typeof machines>[number]): Promise<Chart> => {
    const description = describeMachine(machine);
    return { id: description.id, description, layout: await layOutChart(description, shape) };
  };
}
