import { onTestFinished } from 'vitest';
import type { JobObservation } from '../../machines/job/observation.ts';
import { resourceName } from '../../machines/resource-name.ts';
import { AgentClient } from '../../src/agent/agent-client.ts';
import type { Config } from '../../src/config/schema.ts';
import { createEffectWorld } from '../../src/controller/create-effect-world.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { PendingCreates } from '../../src/effects/pending-creates.ts';
import { RunnerSecrets } from '../../src/effects/runner/runner-secrets.ts';
import { createGitHub } from '../../src/github/github.ts';
import { openGuest } from '../../src/guest/open-guest.ts';
import { Pulls } from '../../src/hosts/pulls.ts';
import { NO_ROLLOUTS } from '../../src/images/no-rollouts.ts';
import { namePrefix } from '../../src/jobs/job-policy.ts';
import { createLog } from '../../src/log.ts';
import { vmById } from '../../src/simulator/agent/agent-world.ts';
import type { AgentSettings } from '../../src/simulator/agent/options.ts';
import { type SimulatedMac, startSimulatedMac } from '../../src/simulator/agent/simulated-mac.ts';
import { currentJobs } from '../../src/simulator/github/jobs/runs.ts';
import type { GitHubSettings } from '../../src/simulator/github/options.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import type { GuestSettings } from '../../src/simulator/guest/loopback-hypervisor.ts';
import { BaseVms } from '../../src/upkeep/bases/base-vms.ts';
import { load } from '../config/config-fixture.ts';
import { IMAGE, QUICK, seededRandom, TOKEN } from '../simulator/agent/agent-fixture.ts';
import { servedGitHub } from '../simulator/github/github-fixture.ts';
import { memoryLedger } from '../support/memory-ledger.ts';
import { ShiftedClock } from './shifted-clock.ts';

export const LABEL = 'jeballto-macos';
export const LARGE = 'jeballto-macos-large';
export const OWNER = 'octo';
export const REPOSITORY = 'app';
const GIB = 1024 ** 3;
export const LARGE_SIZE = { cpuCount: 6, memorySize: 12 * GIB, diskSize: 100 * GIB };

/** For effects whose state is not left. */
export const STAYS: AbortSignal = new AbortController().signal;

/** For effects whose snapshot is on disk. */
export const STORED = () => Promise.resolve();

export interface EffectFixtureOptions {
  mac?: AgentSettings;
  /** How many Macs; they are `mac-1`, `mac-2` and so on. */
  macs?: number;
  github?: GitHubSettings;
  guests?: GuestSettings;
  /** Merged into the config file's section `runner`. */
  runner?: Record<string, unknown>;
  /** Merged into its section `controller`. */
  controller?: Record<string, unknown>;
  timeouts?: Record<string, string>;
}

export type EffectFixture = Awaited<ReturnType<typeof effectFixture>>;

/**
 * Simulated Macs with real guests, a simulated GitHub, and the world of effects over them. Ends with the
 * test.
 */
export async function effectFixture(options: EffectFixtureOptions = {}) {
  const clock = new ShiftedClock();
  const macs: SimulatedMac[] = [];
  for (let n = 0; n < (options.macs ?? 1); n += 1) {
    const mac = await startSimulatedMac({
      clock: new ShiftedClock(),
      random: seededRandom(n + 1),
      token: TOKEN,
      settings: { ...options.mac, latencies: { ...QUICK, ...options.mac?.latencies } },
      guests: { ...options.guests, env: { SIM_RUNNER_RETRY_MS: '50', ...options.guests?.env } },
    });
    onTestFinished(mac.close);
    macs.push(mac);
  }
  const github = await servedGitHub(options.github);
  onTestFinished(github.close);
  ensureRepository(github.world, `${OWNER}/${REPOSITORY}`);

  const { config } = load({
    github: { api_url: github.url, token: 'ghp_oftheeffects', owner: OWNER, repository: REPOSITORY },
    hosts: macs.map(({ url }, n) => ({ name: `mac-${n + 1}`, base_url: url, token: TOKEN })),
    // No test depends on an interval that passes.
    controller: { id: 't', host_check_interval: '1h', gc_interval: '1h', ...options.controller },
    timeouts: { ...options.timeouts },
    runner: {
      ssh_user: 'admin',
      ssh_password: 'admin',
      install_path: '~/actions-runner',
      ...options.runner,
    },
    labels: {
      [LABEL]: { image: IMAGE, lifetime_seconds: 3600 },
      [LARGE]: { image: IMAGE, cpu: 6, memory: '12GB', disk: '100GB' },
    },
  });
  const logged: string[] = [];
  const log = createLog({
    level: 'trace',
    format: 'json',
    secrets: [],
    destination: { write: (line) => logged.push(line) },
  });
  const agents = new Map(
    config.hosts.map(({ name, base_url }) => [
      name,
      new AgentClient({ name, baseUrl: base_url, token: TOKEN }),
    ]),
  );
  onTestFinished(async () => {
    for (const agent of agents.values()) await agent.close();
  });
  const observed: JobObservation[] = [];
  const shown: (string | null)[] = [];

  /** The effect world of a daemon that has just started and remembers nothing of an earlier one. */
  const newWorld = (observe: (seen: JobObservation) => void = (seen) => observed.push(seen)): EffectWorld => {
    const world: EffectWorld = createEffectWorld({
      config,
      clock,
      log,
      github: createGitHub({ apiUrl: github.url, auth: { token: 'ghp_oftheeffects' }, clock, log }),
      agents,
      openGuest,
      observe,
      progress: new Map(),
      pulls: new Pulls({
        agent: (host) => world.agent(host),
        clock,
        log,
        timeout: config.timeouts.creating,
        onChange: () => undefined,
        onEnd: () => undefined,
      }),
      guestKey: null,
      secrets: new RunnerSecrets(),
      creates: new PendingCreates(clock, () => config.timeouts.create_settle, memoryLedger()),
      rollouts: NO_ROLLOUTS,
      bases: new BaseVms(config.controller.base_vms, namePrefix(config.controller)),
      currentName: (name) => name,
      evidenceSaved: async () => undefined,
    });
    const { progress } = world;
    return {
      ...world,
      progress: (vmName, text) => {
        shown.push(text);
        progress(vmName, text);
      },
    };
  };

  return {
    clock,
    config,
    github,
    log,
    logged,
    macs,
    newWorld,
    /** What the effects observed of jobs. */
    observed,
    /** What a person watching was shown, in order. */
    shown,
    world: newWorld(),
    ...onFirst(macs, config),
    /** Queues a job; returns its id and the first name of its VM and runner. */
    queueJob: (steps: string[] = [], label = LABEL) => {
      const run = github.push([{ labels: [label], steps }], `${OWNER}/${REPOSITORY}`);
      const jobId = currentJobs(run)[0]?.id ?? 0;
      return { jobId, run, name: resourceName(namePrefix(config.controller), jobId, 1) };
    },
    jobOf: (jobId: number) => {
      const job = github.world.jobs.get(jobId);
      if (!job) throw new Error(`GitHub has no job ${jobId}`);
      return job.state;
    },
    /** The names of GitHub's runners. */
    runnerNames: () => [...github.world.runners.values()].map(({ name }) => name),
  };
}

/** What most tests need of the only Mac. */
function onFirst(macs: SimulatedMac[], config: Config) {
  const [mac] = macs;
  const [host] = config.hosts;
  if (!mac || !host) throw new Error('there is no Mac');
  return {
    mac,
    host: host.name,
    /** Every VM on the Mac, as `name state`. */
    vms: () => [...mac.world.vms.values()].map(({ name, state }) => `${name} ${state}`),
    vm: (id: string) => vmById(mac.world, id),
    /** Counts requests without changing them; `METHOD /path` as in faults. Add other faults before it. */
    counted: (route: string) => mac.faults.add({ route, delayMs: 0 }),
  };
}

/** A failure with exactly this code, for `rejects.toMatchObject`. */
export const failing = (code: string, more: object = {}) => ({ failure: { code, ...more } });
