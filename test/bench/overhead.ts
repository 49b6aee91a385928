import { sleepFor, systemClock } from '../../src/clock.ts';
import type { EffectTrace } from '../../src/effects/effect-tracer.ts';
import type { Job } from '../../src/simulator/github/jobs/job.ts';
import type { StoredJournalEntry } from '../../src/store/tables/journal.ts';
import { type Scenario, scenario } from '../scenarios/scenario.ts';
import { type Child, startChild } from './child.ts';
import { type Gap, gapsBetween } from './gaps-between.ts';
import { type BenchOptions, mean, type RowResult, spread } from './measure.ts';

/** Milliseconds of a fast Mac. A real one boots for longer, which makes our share smaller. */
const CLONE = 1_000;
const START = 1_500;
const ADDRESS = 2_000;
const SSHD = 8_000;

/**
 * Milliseconds between jobs, so that no step of one is at the same time as the start of another's guest or
 * runner.
 */
const PUSH_EVERY = 2_300;

/** The product's default intervals; `scenario` has shorter ones for tests. */
const PACES = {
  controller: {
    mode: 'webhook',
    poll_interval: '10s',
    recheck_interval: '60s',
    gc_interval: '60s',
    host_check_interval: '5s',
    vm_idle_timeout: '5m',
  },
  timeouts: {
    completion_grace: '60s',
    retire_window: '30s',
    create_settle: '2m',
    host_lost: '2m',
  },
};

/** Milliseconds in which each host is looked at twice. */
const IDLE = 10_000;

/** A snapshot, its journal entry, the record of the effect before it, and the journal's index of both. */
const STEP_BYTES = 2_500;

interface Times {
  /** Everything from the delivery's acknowledgement to the runner's connection, in milliseconds. */
  whole: number;
  /** The part of it that the world needs in any case. */
  world: number;
  /** The parts of it in which the daemon did not wait for the outside. */
  gaps: Gap[];
  /** Transitions outside the boot, each of which is durable before its effects start. */
  steps: number;
  /** Requests, logins and scripts from the start to a clean host. */
  calls: number;
}

/**
 * What the daemon adds to the world's own serial latencies, from webhook to online runner: with real sockets,
 * real SSH, real processes in the guests, and the daemon in its own process.
 */
export async function overhead({ quick }: BenchOptions): Promise<Omit<RowResult, 'row' | 'seconds'>> {
  const count = quick ? 2 : 14;
  const [clone, start, nat, sshd] = quick ? [50, 50, 50, 200] : [CLONE, START, ADDRESS, SSHD];
  await using world = await scenario({
    macs: quick ? 1 : 10,
    agent: { latencies: { clone, start, nat, sshd, pull: 0, resolve: 0 } },
    github: { timings: { webhook: 0, assignment: 0 } },
    config: PACES,
  });
  await using daemon = startChild('bench-daemon.ts', [world.configPath]);
  await daemon.ask('start');
  const watched = watch(world);

  await serve(world, 2, 0);
  const idle = await idleCpu(daemon, quick ? 100 : IDLE);
  const began = performance.now();
  const before = await daemon.ask<NodeJS.CpuUsage>('usage');
  const jobs = await serve(world, count, quick ? 0 : PUSH_EVERY);
  const after = await daemon.ask<NodeJS.CpuUsage>('usage');
  const served = performance.now() - began;
  const times = await Promise.all(jobs.map((job) => timesOf(world, watched, job, clone + start)));

  const cpu = (cpuBetween(before, after) - idle * served) / count;
  const calls = mean(times.map((time) => time.calls));
  await using client = startChild('bare-requests.ts');
  const bare = await client.ask<number>('cost', { url: world.mac.url, count: quick ? 20 : 400 });
  await using disk = startChild('bare-writes.ts');
  const write = { bytes: STEP_BYTES, count: quick ? 2 : 40, pause: quick ? 1 : 100 };
  const synced = await disk.ask<number>('time', write);
  const steps = mean(times.map((time) => time.steps));
  const alone = times.map(({ gaps }) => gaps.reduce((sum, { ms }) => sum + ms, 0));
  const added = times.map(({ whole, world }) => whole - world);
  const share = (mean(added) / mean(times.map((time) => time.world))) * 100;
  return {
    measures: [
      {
        name: 'added to the world’s serial latencies',
        value: share,
        unit: '%',
        limit: { most: 2 },
        beside: `${mean(added).toFixed(0)} ms on ${mean(times.map((time) => time.world)).toFixed(0)} ms; ${spread(added)}`,
      },
      {
        name: 'our own work on the critical path of a job',
        value: mean(alone),
        unit: 'ms',
        limit: { most: 10 },
        beside: `${spread(alone)}; neither a request, a login, a script, nor the boot of guest or runner was under way: ${largestGaps(times)}`,
      },
      {
        name: 'the durable writes on that path, by LevelDB alone',
        value: steps * synced,
        unit: 'ms',
        limit: null,
        beside: `${steps.toFixed(1)} writes of ${synced.toFixed(2)} ms alone; looks at the world run in parallel with them, changes wait for them (law 1)`,
      },
      {
        name: 'CPU of the daemon for a job, to a clean host',
        value: cpu,
        unit: 'ms',
        limit: null,
        beside: `${calls.toFixed(0)} calls a job; as many bare requests by the same HTTP client cost ${(calls * bare).toFixed(0)} ms, ${bare.toFixed(2)} ms each`,
      },
    ],
    skipped: [],
  };
}

/** The mean time before each call to the outside, the longest first. */
function largestGaps(times: readonly Times[]): string {
  const before = new Map<string, number>();
  for (const { gaps } of times)
    for (const gap of gaps) before.set(gap.before, (before.get(gap.before) ?? 0) + gap.ms / times.length);
  return [...before]
    .sort(([, one], [, other]) => other - one)
    .slice(0, 5)
    .map(([what, ms]) => `${ms.toFixed(1)} ms before “${what}”`)
    .join(', ');
}

const cpuBetween = (one: NodeJS.CpuUsage, other: NodeJS.CpuUsage) =>
  (other.user + other.system - one.user - one.system) / 1000;

/** Milliseconds of CPU for each millisecond in which the daemon is idle. */
async function idleCpu(daemon: Child, ms: number): Promise<number> {
  const before = await daemon.ask<NodeJS.CpuUsage>('usage');
  const began = performance.now();
  await sleepFor(systemClock, ms);
  const after = await daemon.ask<NodeJS.CpuUsage>('usage');
  return cpuBetween(before, after) / (performance.now() - began);
}

/** Pushes jobs one by one and waits until nothing is left of them. */
async function serve(world: Scenario, count: number, pause: number): Promise<Job[]> {
  const jobs: Job[] = [];
  for (let n = 0; n < count; n += 1) {
    jobs.push(...world.push([{ steps: ['true'] }]));
    await sleepFor(systemClock, pause);
  }
  await world.until(
    () => jobs.every(({ state }) => state.status === 'completed') && world.vms().length === 0,
  );
  return jobs;
}

interface Watched {
  /** By the VM's name, epoch ms of power on and of a guest that answers. */
  boots: Map<string, { from: number; to: number }>;
  /** By the runner's name, epoch ms of its connection. */
  connections: Map<string, number>;
}

function watch({ github, macs }: Scenario): Watched {
  const watched: Watched = { boots: new Map(), connections: new Map() };
  for (const { world } of macs) {
    const { running } = world.hooks;
    world.hooks.running = (vm, power) => {
      watched.boots.set(vm.name, { from: power.since, to: Math.max(power.natAt, power.sshUpAt) });
      running(vm, power);
    };
  }
  const { sessions } = github.world;
  const set = sessions.set.bind(sessions);
  sessions.set = (id, session) => {
    watched.connections.set(session.runner.name, systemClock.now());
    return set(id, session);
  };
  return watched;
}

/** The guest's own scripts count as the world's time too; the runner's start counts from its launch. */
async function timesOf(world: Scenario, watched: Watched, job: Job, fixed: number): Promise<Times> {
  const [hook] = world.github.world.hooks.values();
  if (!hook) throw new Error('there is no webhook');
  const told = world.github.world.deliveries
    .of(hook, systemClock.now())
    .find(
      ({ announcement: one }) => one.event === 'workflow_job' && one.job === job && one.action === 'queued',
    );
  const answer = await fetch(`${world.adminUrl}/api/jobs/${job.id}/journal`);
  const { entries } = (await answer.json()) as { entries: StoredJournalEntry[] };
  const traces = entries
    .filter(({ kind }) => kind === 'effect')
    .map(({ detail }) => detail as unknown as EffectTrace);
  const calls = traces.flatMap((trace) => trace.calls);
  const call = (route: string) => calls.find((one) => one.route === route);
  const [probe, launch] = [call('look for the tools'), call('start the runner')];
  const name = `gh-demo-${job.id}-1`;
  const [boot, connected] = [watched.boots.get(name), watched.connections.get(name)];
  if (!told || !probe || !launch || boot === undefined || connected === undefined)
    throw new Error(`job ${job.id} was not served at its first attempt`);
  const accepted = told.deliveredAt + told.duration * 1000;
  const outside = calls.map(({ at, ms, route }) => ({ from: at - ms, to: at, what: route }));
  const start = { from: launch.at - launch.ms, to: connected, what: launch.route };
  return {
    whole: connected - accepted,
    world: fixed + (boot.to - boot.from) + probe.ms + (start.to - start.from),
    gaps: gapsBetween([...outside, { ...boot, what: 'boot' }, start], accepted, connected),
    steps: entries.filter(
      ({ kind, at }) =>
        kind === undefined && at > accepted && at < start.from && !(at > boot.from && at < boot.to),
    ).length,
    calls: calls.reduce((sum, { times }) => sum + times, 0),
  };
}
