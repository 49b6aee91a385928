import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { sleepFor, systemClock } from '../../src/clock.ts';
import { startSimulatedMac } from '../../src/simulator/agent/simulated-mac.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { startSimulatedGitHub } from '../../src/simulator/github/simulated-github.ts';
import { seededRandom } from '../simulator/agent/agent-fixture.ts';
import { BENCH_SECRET, writeBenchConfig } from './bench-config.ts';
import { startChild } from './child.ts';
import { delivery } from './delivery.ts';
import { fillStore } from './fill-store.ts';

/** Dispatches before the measurement, in which the code is compiled. */
const WARM_UP = 30;

export interface DispatchLoad {
  /** Running jobs on another host. */
  live: number;
  samples: number;
  /** A database with the tables; a folder by default. */
  url?: string;
}

/** Returns the milliseconds of each dispatch: from the write of the webhook's bytes to `POST /vms` at the agent. */
export async function dispatchTimes({ live, samples, url }: DispatchLoad): Promise<number[]> {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-bench-'));
  const fast = {
    resolve: 0,
    pull: 0,
    clone: 0,
    start: 0,
    stop: 0,
    delete: 0,
    nat: 0,
    sshd: 0,
    autoDelete: 0,
  };
  const mac = await startSimulatedMac({
    clock: systemClock,
    random: seededRandom(3),
    token: SIMULATED_AGENT_TOKEN,
    settings: { latencies: fast },
  });
  // It accepts registrations, and does not know the running jobs.
  const github = await startSimulatedGitHub({ clock: systemClock, random: seededRandom(4) });
  ensureRepository(github.world, 'acme/app');
  github.faults.add({ route: 'GET *', status: 500 });
  let arrived: () => void = () => undefined;
  const next = mac.faults.next.bind(mac.faults);
  mac.faults.next = (request) => {
    if (request === 'POST /vms') arrived();
    return next(request);
  };
  try {
    const config = await writeBenchConfig(folder, [mac.url], { githubUrl: github.url, url });
    if (live > 0) await fillStore(config.store, live, systemClock);
    await using daemon = startChild('bench-daemon.ts', [config.path, 'still']);
    await daemon.ask('start');
    const client = new Client(new URL(config.webhookUrl).origin);
    const send = async (id: number, status: 'queued' | 'completed') => {
      const { body, headers } = delivery(BENCH_SECRET, { id, status, labels: ['self-hosted', 'mac'] });
      const sent = performance.now();
      const answer = await client.request({ path: '/webhook', method: 'POST', headers, body });
      await answer.body.dump();
      if (answer.statusCode !== 202) throw new Error(`the webhook answered ${answer.statusCode}`);
      return sent;
    };
    const times: number[] = [];
    for (let n = 0; n < samples + WARM_UP; n += 1) {
      const arrival = new Promise<number>((resolve) => {
        arrived = () => resolve(performance.now());
      });
      const sent = await send(n + 1, 'queued');
      const at = await arrival;
      if (n >= WARM_UP) times.push(at - sent);
      await send(n + 1, 'completed');
      while (mac.world.vms.size > 0) await sleepFor(systemClock, 5);
      // The host is looked at again when its slot is free, so the next job finds the slot.
      await sleepFor(systemClock, 20);
    }
    await client.close();
    return times;
  } finally {
    await mac.close();
    await github.close();
    await rm(folder, { recursive: true, force: true });
  }
}
