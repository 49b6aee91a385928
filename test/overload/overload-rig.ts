import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Agent, fetch as undiciFetch } from 'undici';
import { expect, vi } from 'vitest';
import { SIMULATED_REPOSITORY } from '../../src/cli/simulation/world-config.ts';
import { type CliProcess, startCli } from '../cli/cli-process.ts';
import { jobPayload } from '../intake/webhook-rig.ts';
import { type Scenario, type ScenarioSettings, SECRET, scenario } from '../scenarios/scenario.ts';

/** Only webhooks bring jobs. */
export const WEBHOOKS_ALONE = {
  mode: 'webhook',
  ...{ poll_interval: '1h', recheck_interval: '1h', gc_interval: '1h' },
};

export type Overload = Awaited<ReturnType<typeof overload>>;

/** A world, and the daemon in its own process, whose memory can be measured. No VM is ever made in time. */
export async function overload(settings: ScenarioSettings) {
  const world = await scenario(settings);
  world.mac.faults.add({ route: 'mac create *', delayMs: 600_000 });
  // The simulated GitHub does not have the jobs that tests make up, and the daemon would take those for over.
  world.github.faults.add({ route: 'GET */actions/jobs/:id', status: 500 });
  const self = {
    world,
    daemon: await start(world),
    /** A figure of `/metrics`, by its name and labels as written there. */
    async metric(name: string): Promise<number> {
      const text = await (await fetch(`${world.adminUrl}/metrics`)).text();
      const line = text.split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.slice(name.length + 1) ?? 0);
    },
    /** Resident memory of the daemon's process in bytes. */
    memory: () => self.metric('process_resident_memory_bytes'),
    /** Waits up to the time limit of the test. */
    async reaches(name: string, value: number): Promise<void> {
      const look = async () => expect(await self.metric(name)).toBeGreaterThanOrEqual(value);
      await vi.waitFor(look, { interval: 200, timeout: 10 * 60_000 });
    },
    async kill(): Promise<void> {
      const { child } = self.daemon;
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async restart(): Promise<void> {
      await self.kill();
      self.daemon = await start(world);
    },
    async [Symbol.asyncDispose]() {
      await self.kill();
      await world[Symbol.asyncDispose]();
    },
  };
  return self;
}

async function start(world: Scenario): Promise<CliProcess> {
  const daemon = startCli(['start', '--config', world.configPath], { cwd: world.folder });
  await world.until(() => {
    if (!daemon.stdout().includes('is ready')) throw new Error(`${daemon.stdout()}${daemon.stderr()}`);
  });
  return daemon;
}

/** How long each request to the admin API took during `work`, in milliseconds, the slowest last. */
export async function answersWhile(url: string, work: Promise<unknown>): Promise<number[]> {
  let isOver = false;
  const over = work.finally(() => {
    isOver = true;
  });
  const took: number[] = [];
  while (!isOver) {
    const began = performance.now();
    // The server may close a kept connection at the moment at which a busy machine sends on it.
    const response = await fetch(url, { headers: { connection: 'close' } });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    took.push(performance.now() - began);
  }
  await over;
  return took.sort((a, b) => a - b);
}

export interface Delivery {
  jobId: number;
  deliveryId?: string;
  /** The signature of the body by default. */
  signature?: string;
  /** Replaces the payload. */
  body?: string;
}

/** One connection for each delivery in flight: a kept one may be closed while it is used. */
const sender = new Agent({ connections: null, pipelining: 0, connect: { timeout: 60_000 } });

/**
 * Sends one delivery, and sends it again while the response is 503, as a redelivery would; returns the last
 * status. On a slow machine some of thousands cannot be stored within the seconds that GitHub waits.
 */
export async function deliver(world: Scenario, delivery: Delivery): Promise<number> {
  const deliveryId = delivery.deliveryId ?? randomUUID();
  let status = 0;
  for (let tries = 0; tries < 5; tries += 1) {
    status = await send(world, { ...delivery, deliveryId }).catch(whenCut);
    if (status !== 503 && status !== 408) break;
  }
  return status;
}

/**
 * A client whose request did not arrive completely in time may see its connection closed before it can read
 * why.
 */
function whenCut(error: unknown): number {
  const { cause } = error as { cause?: { code?: string } };
  if (cause?.code !== 'ECONNRESET' && cause?.code !== 'UND_ERR_SOCKET') throw error;
  return 408;
}

async function send({ webhookUrl }: Scenario, delivery: Delivery): Promise<number> {
  const { jobId, deliveryId = randomUUID() } = delivery;
  const labels = ['self-hosted', 'jeballto-macos'];
  const body = delivery.body ?? JSON.stringify(payloadOf({ id: jobId, labels }));
  const response = await undiciFetch(webhookUrl, {
    method: 'POST',
    dispatcher: sender,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'workflow_job',
      'x-github-delivery': deliveryId,
      'x-hub-signature-256':
        delivery.signature ?? `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`,
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}

function payloadOf(job: { id: number; labels: string[] }) {
  const payload = jobPayload({ ...job, status: 'queued', conclusion: null });
  const [owner, name] = SIMULATED_REPOSITORY.split('/');
  return { ...payload, repository: { ...payload.repository, name, owner: { login: owner } } };
}

export const counted = (values: readonly number[]) =>
  Object.fromEntries(
    [...new Set(values)].sort().map((value) => [value, values.filter((v) => v === value).length]),
  );

/** A connection that sends `text` and reads what comes; `ended` resolves when the other side has closed it. */
export function talk(url: string, text: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    heard += chunk.toString('latin1');
  });
  socket.write(text);
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return { socket, heard: () => heard, ended };
}
