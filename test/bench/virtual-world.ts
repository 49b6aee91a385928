import type { Hono } from 'hono';
import { routeOf } from '../../src/call-trace.ts';
import { configSchema } from '../../src/config/schema.ts';
import { type Daemon, startDaemon } from '../../src/controller/daemon.ts';
import { createLog } from '../../src/log.ts';
import { apiUrl } from '../../src/simulator/github/github-base.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { currentJobs, pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import { CALM_SCENARIO } from '../simulation/calm-scenario.ts';
import { Chance } from '../simulation/chance.ts';
import { Life } from '../simulation/life.ts';
import { lifePorts } from '../simulation/life-ports.ts';
import { SSH_PASSWORD } from '../simulation/memory-mac.ts';
import { RecordLaws } from '../simulation/record-laws.ts';
import { AGENT_TOKEN, createWorld, GITHUB_TOKEN, WEBHOOK_SECRET } from '../simulation/simulated-world.ts';
import { settled } from '../support/manual-clock.ts';

export interface VirtualSettings {
  mode: 'poll' | 'webhook' | 'both';
  macs: number;
  repositories: number;
  /** Milliseconds from power on to an address, and to sshd. */
  boot: { nat: number; sshd: number };
}

export interface Calls {
  /** Requests to GitHub, and those of them that count against the rate limit: a 304 does not. */
  github: { requests: number; points: number };
  /** Requests to agents, by method and route. */
  agent: Map<string, number>;
}

export interface VirtualWorld {
  now(): number;
  /** Lets virtual time pass: a number of milliseconds, or until a condition is true. */
  pass(until: number | (() => boolean)): Promise<void>;
  /** A run of one job that lasts `lasts` milliseconds. */
  push(lasts: number): Job;
  vms(): number;
  /** The calls since the last call of this function. */
  calls(): Calls;
  end(): Promise<void>;
}

/** The whole daemon with its default intervals, on virtual time, in a world without faults. */
export async function virtualWorld({
  mode,
  macs,
  repositories,
  boot,
}: VirtualSettings): Promise<VirtualWorld> {
  const [mac] = CALM_SCENARIO.macs;
  const settings = { ...mac?.settings, latencies: { ...mac?.settings.latencies, ...boot } };
  const scenario = {
    ...CALM_SCENARIO,
    hop: [1, 1] as const,
    clock: { aheadBy: 0, settings: [] },
    slowestWrite: 1,
    macs: Array.from({ length: macs }, (_, n) => ({ name: `mac-${n + 1}`, settings })),
  };
  let app: Hono | null = null;
  const world = createWorld(scenario, async ({ url, headers, body }) => {
    const length = { 'content-length': String(Buffer.byteLength(body)) };
    const answer = await app?.request(url, { method: 'POST', headers: { ...headers, ...length }, body });
    return { status: answer?.status ?? 0, body: (await answer?.text()) ?? '' };
  });
  const { clock, github, system } = world;
  const names = Array.from({ length: repositories }, (_, n) => (n === 0 ? 'app' : `app-${n + 1}`));
  for (const name of names) {
    const repository = ensureRepository(github, `acme/${name}`);
    const hook = { target: { kind: 'repository' as const, repository }, secret: WEBHOOK_SECRET };
    if (mode !== 'poll') createHook(github, { ...hook, url: 'http://daemon.test/webhook' });
  }
  const agent = new Map<string, number>();
  const ports = lifePorts({
    world,
    life: new Life(system),
    laws: new RecordLaws(world.broken, world.secrets, () => clock.now()),
    chance: new Chance(1, 'bench'),
    untruths: new Chance(1, 'untruths'),
    crash: () => undefined,
    sleep: () => undefined,
    serve: (key, served) => {
      if (key === 'controller.webhook_listen') app = served;
    },
  });
  const agentSender = () => {
    const sender = ports.agentSender();
    return {
      ...sender,
      send: (message: Parameters<typeof sender.send>[0]) => {
        const route = `${message.method} ${routeOf(new URL(message.url).pathname.replace('/v1', ''))}`;
        agent.set(route, (agent.get(route) ?? 0) + 1);
        return sender.send(message);
      },
    };
  };
  let daemon: Daemon | null = null;
  const config = configSchema.parse({
    github: {
      api_url: apiUrl(github),
      token: GITHUB_TOKEN,
      owner: 'acme',
      repositories: names.map((name) => `acme/${name}`),
      webhook_secret: WEBHOOK_SECRET,
    },
    hosts: scenario.macs.map(({ name }) => ({
      name,
      base_url: `http://${name}.test:8011/v1`,
      token: AGENT_TOKEN,
    })),
    controller: { mode },
    runner: { ssh_password: SSH_PASSWORD },
    labels: { mac: { image: 'ghcr.io/acme/macos:latest' } },
  });
  const log = createLog({
    level: 'warn',
    format: 'json',
    secrets: [],
    destination: { write: () => undefined },
  });
  void startDaemon({ config, env: {}, clock, log, ports: { ...ports, agentSender } }).then((started) => {
    daemon = started;
  });
  const pass = async (until: number | (() => boolean)) => {
    const end = typeof until === 'number' ? clock.now() + until : Number.POSITIVE_INFINITY;
    const isOver = typeof until === 'number' ? () => clock.now() >= end : until;
    if (typeof until === 'number') void clock.sleepUntil(end);
    for (await settled(); !isOver(); await settled())
      if (!clock.step()) throw new Error('nobody waits for anything');
  };
  await pass(() => daemon !== null);
  return {
    now: () => clock.now(),
    pass,
    push(lasts) {
      const steps = [{ name: 'work', run: `${lasts} success` }];
      const job = { name: 'job', labels: ['self-hosted', 'mac'], group: null, steps, needsApproval: false };
      const [made] = currentJobs(
        pushWorkflow(github, ensureRepository(github, 'acme/app'), { name: 'CI', jobs: [job] }),
      );
      if (!made) throw new Error('the push made no job');
      return made;
    },
    vms: () => [...world.macs.values()].reduce((sum, one) => sum + one.agent.vms.size, 0),
    calls() {
      const routes = Object.values(github.requests.all());
      const requests = routes.reduce((sum, route) => sum + route.requests, 0);
      const free = routes.reduce((sum, route) => sum + route.notModified, 0);
      const found = { github: { requests, points: requests - free }, agent: new Map(agent) };
      github.requests.reset();
      agent.clear();
      return found;
    },
    async end() {
      let isOver = false;
      void daemon?.drain().then(() => {
        isOver = true;
      });
      await pass(() => isOver);
      github.alarms.end();
    },
  };
}
