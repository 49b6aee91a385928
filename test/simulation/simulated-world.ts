import type { Hono } from 'hono';
import type { AgentWorld } from '../../src/simulator/agent/agent-world.ts';
import { createAgentWorld } from '../../src/simulator/agent/launch.ts';
import { FaultPlan } from '../../src/simulator/faults.ts';
import { createGitHubApp } from '../../src/simulator/github/github-app.ts';
import type { GitHubWorld } from '../../src/simulator/github/github-world.ts';
import { createGitHubWorld } from '../../src/simulator/github/github-world.ts';
import { ensureRepository, type Repository } from '../../src/simulator/github/repositories.ts';
import type { SendWebhook } from '../../src/simulator/github/webhooks/webhook-sender.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { SettableTime } from '../support/settable-time.ts';
import { BrokenLaws } from './broken-laws.ts';
import { Chance } from './chance.ts';
import { Committed } from './committed.ts';
import { CrashPoints } from './crash-points.ts';
import { MemoryMac, SSH_PASSWORD } from './memory-mac.ts';
import type { RunnerManners, VmWorkEnd, WorkEnd } from './runner-process.ts';
import type { Manners, Scenario } from './scenario.ts';
import type { Trouble } from './trouble.ts';
import { VmLedger } from './vm-ledger.ts';
import { WELL_BEHAVED } from './well-behaved.ts';

/** When every run begins: noon of an ordinary day. */
const BEGINNING = Date.UTC(2026, 10, 24, 12);

/** A runner of ours worked on a job in a VM. */
export interface WorkDone {
  vmName: string;
  /** The name of the VM, or a later one where that was taken at GitHub. */
  runnerName: string;
  jobId: number;
  how: VmWorkEnd;
}

/** A Mac as the daemon reaches it. */
export interface Mac {
  readonly name: string;
  readonly memory: MemoryMac;
  readonly agent: AgentWorld;
  /** The agent's process runs. */
  isUp: boolean;
  /** The daemon cannot reach it over the network. */
  isUnplugged: boolean;
  /** VMs whose create is under way, even when its client is gone: by name, when it began. */
  readonly creating: Map<string, number>;
}

/** Everything around the daemon, on virtual time and in memory; all chance comes from the scenario's seed. */
export interface SimulatedWorld {
  readonly scenario: Scenario;
  readonly clock: ManualClock;
  /** The time sources of the daemon's machine. */
  readonly system: SettableTime;
  /** Epoch ms on the clock of the daemon's present life, which its records use. */
  daemonNow(): number;
  readonly github: GitHubWorld;
  readonly githubApp: Hono;
  readonly macs: ReadonlyMap<string, Mac>;
  /** The daemon's disk. */
  readonly committed: Committed;
  readonly points: CrashPoints;
  readonly broken: BrokenLaws;
  /** VMs and runners, as hosts and GitHub have them. */
  readonly ledger: VmLedger;
  /** The work of runners on jobs, in the order in which it ended. */
  readonly work: readonly WorkDone[];
  /** Repositories of the daemon's config; they may be renamed. */
  readonly served: ReadonlySet<Repository>;
  isServed(repository: Repository): boolean;
  /** Values that must never be stored or logged. */
  readonly secrets: Set<string>;
  /** Milliseconds of one direction over a network. */
  latency(): number;
  /** Notes something for a reader of the trace. */
  trace(what: string): void;
  /** Whether a person reads the trace. */
  readonly isTraced: boolean;
  isDiskFull: boolean;
  isGitHubUnplugged: boolean;
  /** The daemon's DELETE requests that GitHub has not handled yet, even when their client is gone. */
  readonly deletes: Set<{ readonly pathname: string }>;
  /** What differs in the daemon's config from that of the scenario. */
  readonly configEdits: Set<Trouble & { what: 'configReloaded' }>;
}

/** The image of every profile by default. */
export const IMAGE = 'ghcr.io/acme/macos:latest';
/** In some scenarios the image of one profile, which its registry may refuse. */
export const PRIVATE_IMAGE = 'ghcr.io/acme/ios-private:latest';
export const AGENT_TOKEN = 'agent-token-of-a-simulated-mac-0123456789';
export const GITHUB_TOKEN = 'ghp_simulatedsimulatedsimulated0123456789';
export const WEBHOOK_SECRET = 'webhook-secret-of-the-simulation';

export interface WorldOptions {
  /** Receives every line of the trace. */
  write?: ((line: string) => void) | undefined;
}

export function createWorld(
  scenario: Scenario,
  sendWebhook: SendWebhook,
  { write }: WorldOptions = {},
): SimulatedWorld {
  const { seed } = scenario;
  const clock = new ManualClock(BEGINNING);
  const system = new SettableTime(clock);
  system.aheadBy = scenario.clock.aheadBy;
  const network = new Chance(seed, 'network');
  const latency = () => network.between(...scenario.hop);
  const forGitHub = new Chance(seed, 'github world').next;
  const github = createGitHubWorld({
    clock,
    random: forGitHub,
    faults: new FaultPlan(clock, forGitHub),
    send: sendWebhook,
    settings: scenario.github,
  });
  github.origin = scenario.github.enterpriseVersion ? 'https://ghes.test' : 'https://api.github.com';
  const served = new Set(scenario.repositories.map((name) => ensureRepository(github, name)));
  const work: WorkDone[] = [];
  const macs = scenario.macs.map(({ name, settings }): [string, Mac] => {
    const random = new Chance(seed, `world of ${name}`).next;
    const boots = new Chance(seed, `boots of ${name}`);
    const ghosts = new Chance(seed, `ghosts of ${name}`);
    const manners = () => {
      const isFixed = clock.now() >= BEGINNING + LONGEST_MISBEHAVIOUR;
      const chances = isFixed ? WELL_BEHAVED : scenario.manners;
      return { ...drawManners(boots, chances), ignoresJobs: ghosts.is(chances.ignoresJobs) };
    };
    const launched = (vmName: string, runnerName: string) => ledger.hasRunner(vmName, runnerName);
    const tookJob = (vmName: string) => ledger.hasJob(vmName);
    const worked = (vmName: string, runnerName: string, jobId: number, end: WorkEnd) => {
      const vm = [...agent.vms.values()].find((one) => one.name === vmName);
      const isExpired = vm?.expiresAt != null && vm.expiresAt <= agent.clock.now();
      work.push({ vmName, runnerName, jobId, how: end === 'powerCut' && isExpired ? 'expired' : end });
    };
    const memory = new MemoryMac({ name, github, manners, latency, launched, tookJob, worked });
    const faults = new FaultPlan(clock, random);
    const agent = createAgentWorld({ clock, random, faults, hypervisor: memory.hypervisor, settings });
    return [name, { name, memory, agent, isUp: true, isUnplugged: false, creating: new Map() }];
  });
  const broken = new BrokenLaws(() => clock.now());
  const byName = new Map(macs);
  const committed = new Committed();
  const ledger = new VmLedger({ scenario, clock, broken, github, macs: byName, committed });
  return {
    scenario,
    clock,
    system,
    daemonNow: () => clock.now(),
    github,
    githubApp: createGitHubApp(github),
    macs: byName,
    committed,
    points: new CrashPoints(scenario.crashes, scenario.controllers?.freezes),
    broken,
    ledger,
    work,
    isServed: (repository) => served.has(repository),
    served,
    secrets: new Set([AGENT_TOKEN, GITHUB_TOKEN, WEBHOOK_SECRET, SSH_PASSWORD]),
    latency,
    isTraced: write !== undefined,
    trace: (what) => write?.(`${((clock.now() - BEGINNING) / 1000).toFixed(3).padStart(10)}  ${what}`),
    isDiskFull: false,
    isGitHubUnplugged: false,
    deletes: new Set(),
    configEdits: new Set(),
  };
}

/**
 * Milliseconds from the beginning until somebody has fixed what makes runners misbehave. One in three works when two
 * of these chances are high; with pauses of up to an hour, the last job would wait for days in some seeds.
 */
const LONGEST_MISBEHAVIOUR = 8 * 3_600_000;

/** Milliseconds; twice the difference between clocks from which GitHub refuses a runner. */
const SKEW = 10 * 60_000;

function drawManners(chance: Chance, manners: Manners): Omit<RunnerManners, 'ignoresJobs'> {
  const connectsAfter = chance.between(1_000, 8_000);
  const lingers = chance.pick([500, 3_000, 20_000]);
  const dies = chance.between(1_000, 60_000);
  return {
    connectsAfter: chance.is(manners.neverConnects) ? null : connectsAfter,
    exitsWith: chance.is(manners.exitsEarly) ? chance.pick([0, 1, 2, 7, 137]) : null,
    lingers: chance.is(manners.staysForEver) ? null : lingers,
    diesInJobAfter: chance.is(manners.diesInJob) ? dies : null,
    clockSkew: chance.is(manners.clockSkewed) ? chance.pick([-SKEW, SKEW]) : 0,
  };
}
