import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import {
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../../src/cli/simulation/world-config.ts';
import { type Clock, sleepFor, systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { secretValues } from '../../src/config/secret-values.ts';
import { type Daemon, startDaemon } from '../../src/controller/daemon.ts';
import type { Answers } from '../../src/http/admin/api/api-routes.ts';
import { createLog } from '../../src/log.ts';
import type { Hypervisor } from '../../src/simulator/agent/hypervisor.ts';
import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import { type SimulatedMac, startSimulatedMac } from '../../src/simulator/agent/simulated-mac.ts';
import { pushFromFields } from '../../src/simulator/github/control.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import { currentJobs } from '../../src/simulator/github/jobs/runs.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { startSimulatedGitHub } from '../../src/simulator/github/simulated-github.ts';
import { createHook } from '../../src/simulator/github/webhooks/create-hook.ts';
import type { GuestSettings } from '../../src/simulator/guest/loopback-hypervisor.ts';
import { seededRandom } from '../simulator/agent/agent-fixture.ts';

export const SECRET = 'the-webhook-secret-of-a-test';

type Section = Record<string, unknown>;

export interface ScenarioSettings {
  macs?: number;
  agent?: AgentSettings;
  github?: GitHubSettings;
  guests?: GuestSettings;
  /** Replaces the simulated guests. */
  hypervisor?: Hypervisor;
  /** Merged into the configuration of a demo, section by section. */
  config?: Record<string, Section>;
  /** False: no webhook is made at GitHub. */
  hook?: boolean;
}

/** Intervals that are short, so that tests wait only for what they test. */
const PACE: Record<string, Section> = {
  controller: {
    poll_interval: '200ms',
    recheck_interval: '400ms',
    gc_interval: '400ms',
    host_check_interval: '150ms',
    vm_idle_timeout: '3s',
  },
  timeouts: { completion_grace: '3s', retire_window: '400ms', create_settle: '800ms', host_lost: '1500ms' },
};

/** Milliseconds for a condition to become true; long, so that only one that never does fails. */
const PATIENCE = 120_000;
const PACE_OF_LOOKS = 25;

export type Scenario = Awaited<ReturnType<typeof scenario>>;

/** A simulated world over real sockets, with a configuration for it and as many daemons as a test starts. */
export async function scenario(settings: ScenarioSettings = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'jeballto-scenario-'));
  const clock = systemClock;
  const random = seededRandom(7);
  const github = await startSimulatedGitHub({
    clock,
    random,
    ...(settings.github && { settings: settings.github }),
  });
  const macs: SimulatedMac[] = [];
  for (let n = 0; n < (settings.macs ?? 1); n += 1) {
    macs.push(
      await startSimulatedMac({
        clock,
        random,
        token: SIMULATED_AGENT_TOKEN,
        ...(settings.agent && { settings: settings.agent }),
        ...(settings.guests && { guests: settings.guests }),
        ...(settings.hypervisor && { hypervisor: settings.hypervisor }),
      }),
    );
  }
  const [admin, webhook] = [await freePort(Math.random), await freePort(Math.random)];
  const base: Record<string, unknown> = worldConfig({
    world: { github, macs, close: async () => undefined },
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret: SECRET,
    webhookListen: `127.0.0.1:${webhook}`,
    adminListen: `127.0.0.1:${admin}`,
    store: { path: join(folder, 'store') },
  });
  const configPath = join(folder, 'config.json');
  /** Merges sections into the config file; the next daemon reads it. */
  const configure = async (...layers: Record<string, Section>[]) => {
    for (const layer of layers) {
      for (const [section, keys] of Object.entries(layer)) {
        base[section] = { ...(base[section] as Section | undefined), ...keys };
      }
    }
    await writeFile(configPath, JSON.stringify(base));
  };
  await configure(PACE, settings.config ?? {});

  const repository = ensureRepository(github.world, SIMULATED_REPOSITORY);
  const webhookUrl = `http://127.0.0.1:${webhook}/webhook`;
  if (settings.hook !== false) {
    createHook(github.world, { target: { kind: 'repository', repository }, url: webhookUrl, secret: SECRET });
  }

  const lines: string[] = [];
  const daemons: Daemon[] = [];
  const adminUrl = `http://127.0.0.1:${admin}`;
  const self = {
    folder,
    configPath,
    configure,
    adminUrl,
    webhookUrl,
    /** Changes the config file in any way. */
    async rewrite(change: (config: Record<string, unknown>) => void): Promise<void> {
      change(base);
      await configure();
    },
    /** Changes the hosts of the config file. */
    async setHosts(change: (host: Section, index: number) => Section): Promise<void> {
      base.hosts = (base.hosts as Section[]).map(change);
      await configure();
    },
    github,
    macs,
    mac: macs[0] as SimulatedMac,
    storePath: join(folder, 'store'),
    /** The log of all daemons in this process. */
    log: () => lines.join(''),

    /** A daemon in this process, with its own clock when a test sets one. */
    async start(daemonClock: Clock = clock): Promise<Daemon> {
      const env = {};
      const read = () => loadConfig({ path: configPath, env });
      const { config } = read();
      const log = createLog({
        level: 'debug',
        format: 'json',
        secrets: secretValues(config),
        destination: { write: (line) => void lines.push(line) },
      });
      const daemon = await startDaemon({
        ...{ config, env, clock: daemonClock, log },
        configFile: { path: configPath, read },
      });
      daemons.push(daemon);
      return daemon;
    },

    /** Pushes a workflow of one job for each entry; returns the jobs. */
    push(jobs: readonly Partial<Parameters<typeof pushFromFields>[1]['jobs'][number]>[] = [{}]): Job[] {
      return currentJobs(
        pushFromFields(github.world, {
          repository: SIMULATED_REPOSITORY,
          jobs: jobs.map((job, n) => ({
            name: `job ${n + 1}`,
            labels: ['self-hosted', 'jeballto-macos'],
            ...job,
          })),
        }),
      );
    },

    vms: () => macs.flatMap(({ world }) => [...world.vms.values()]),
    vmsCreated: () => macs.reduce((sum, { world }) => sum + world.vmsCreated, 0),
    /** How many requests GitHub got for routes that match. */
    asked: (route: RegExp) =>
      Object.entries(github.world.requests.all())
        .filter(([name]) => route.test(name))
        .reduce((sum, [, { requests }]) => sum + requests, 0),
    runners: () => [...github.world.runners.values()].map(({ name }) => name),

    async jobs(): Promise<Answers['/api/jobs']> {
      const response = await fetch(`${adminUrl}/api/jobs`);
      return (await response.json()) as Answers['/api/jobs'];
    },

    async hosts(): Promise<Answers['/api/hosts']['hosts']> {
      return ((await (await fetch(`${adminUrl}/api/hosts`)).json()) as Answers['/api/hosts']).hosts;
    },

    /** Why each waiting job waits. */
    async waiting(): Promise<Answers['/api/waiting']['waiting']> {
      return ((await (await fetch(`${adminUrl}/api/waiting`)).json()) as Answers['/api/waiting']).waiting;
    },

    /** Gives an order to the daemon, such as `/api/hosts/mac-1/cordon`. */
    async order(path: string, by: string): Promise<void> {
      await fetch(`${adminUrl}${path}`, { method: 'POST', headers: { 'x-operator': by } });
    },

    async status(): Promise<{ ok: boolean; reasons: string[]; store: { pending: number } }> {
      return (await (await fetch(`${adminUrl}/api/status`)).json()) as never;
    },

    /** Waits until the check neither throws nor returns false; rejects with its last error. */
    async until<T>(check: () => T | Promise<T>): Promise<T> {
      const deadline = clock.now() + PATIENCE;
      for (;;) {
        try {
          const result = await check();
          if (result !== false) return result;
          if (clock.now() > deadline) throw new Error(`it did not come true: ${check}`);
        } catch (error) {
          if (clock.now() > deadline) throw error;
        }
        await sleepFor(clock, PACE_OF_LOOKS);
      }
    },

    /** The first live job that is in a state; its path is `state` or begins with it. */
    reaches: (state: string) =>
      self.until(async () => {
        const { jobs } = await self.jobs();
        const found = jobs.find((job) => job.state === state || job.state.startsWith(`${state}.`));
        if (!found) throw new Error(`no job is in ${state} but in ${jobs.map((job) => job.state)}`);
        return found;
      }),

    /** Waits until every job is over at GitHub and nothing of ours is left anywhere; base VMs stay. */
    async isClean(jobs?: () => Promise<Answers['/api/jobs']>): Promise<void> {
      await self.until(async () => {
        const open = [...github.world.jobs.values()].filter(({ state }) => state.status !== 'completed');
        const left = [
          ...open.map(({ spec, state }) => `job ${spec.name} ${state.status}`),
          ...self
            .vms()
            .filter(({ name }) => /^gh-demo-(?!base-)/.test(name))
            .map(({ name, state }) => `VM ${name} ${state}`),
          ...self.runners().map((name) => `runner ${name}`),
          ...(await (jobs ?? self.jobs)()).jobs.map(({ key, state }) => `record ${key} ${state}`),
        ];
        if (left.length > 0) throw new Error(`left: ${left.join(', ')}`);
      });
    },

    async [Symbol.asyncDispose]() {
      for (const daemon of daemons) await daemon.drain();
      for (const mac of macs) await mac.close();
      await github.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return self;
}

export const conclusions = (jobs: readonly Job[]) => jobs.map(({ state }) => state.conclusion);
