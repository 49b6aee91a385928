import type { BenchOptions, RowResult } from './measure.ts';
import { virtualWorld } from './virtual-world.ts';

const MINUTE = 60_000;

/** How many requests a Mac's agent gets, on virtual time: the counts are the same on every machine. */
export async function agentCalls({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const job = await ofAJob();
  const macs = quick ? 2 : 50;
  const waiting = await whileWaiting(macs);
  const vms = 2 * macs;
  return {
    measures: [
      {
        name: 'agent calls for a job of five minutes',
        value: job.total,
        unit: 'calls',
        limit: null,
        beside: job.most,
      },
      {
        name: `agent calls a second for each of ${vms} VMs that boot for 40 s`,
        value: waiting.total / vms / 40,
        unit: 'calls',
        limit: { most: 5 },
        beside: `${waiting.total} calls to ${macs} agents; ${waiting.most}`,
      },
    ],
    skipped: [],
  };
}

/** Looks at the host happen without jobs too. */
async function ofAJob() {
  const world = await virtualWorld({
    mode: 'webhook',
    macs: 1,
    repositories: 1,
    boot: { nat: 3_000, sshd: 15_000 },
  });
  world.push(MINUTE);
  await world.pass(10 * MINUTE);
  const idle = await callsOf(world, 10 * MINUTE);
  world.push(5 * MINUTE);
  const busy = await callsOf(world, 10 * MINUTE);
  await world.end();
  for (const [route, times] of idle) busy.set(route, (busy.get(route) ?? 0) - times);
  return told(busy);
}

async function whileWaiting(macs: number) {
  const world = await virtualWorld({
    mode: 'webhook',
    macs,
    repositories: 1,
    boot: { nat: 20_000, sshd: 40_000 },
  });
  await world.pass(MINUTE);
  const idle = await callsOf(world, 40_000);
  for (let n = 0; n < 2 * macs; n += 1) world.push(MINUTE);
  const isBooting = () => world.vms() === 2 * macs;
  await world.pass(isBooting);
  await world.pass(10_000);
  world.calls();
  const busy = await callsOf(world, 40_000 - 10_000);
  await world.end();
  for (const [route, times] of idle) busy.set(route, (busy.get(route) ?? 0) - times);
  return told(busy);
}

async function callsOf(
  world: Awaited<ReturnType<typeof virtualWorld>>,
  ms: number,
): Promise<Map<string, number>> {
  world.calls();
  await world.pass(ms);
  return world.calls().agent;
}

function told(calls: Map<string, number>): { total: number; most: string } {
  const counted = [...calls].filter(([, times]) => times > 0).sort(([, a], [, b]) => b - a);
  return {
    total: counted.reduce((sum, [, times]) => sum + times, 0),
    most: counted
      .slice(0, 4)
      .map(([route, times]) => `${times} × ${route}`)
      .join(', '),
  };
}
