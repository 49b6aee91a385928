import { pino } from 'pino';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { AgentClient } from '../../src/agent/agent-client.ts';
import type { HttpRequest } from '../../src/agent/agent-sender.ts';
import { startTimeout } from '../../src/clock.ts';
import { createCore } from '../../src/controller/create-core.ts';
import { createGitHub } from '../../src/github/github.ts';
import { Poller } from '../../src/intake/polling/poller.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { CALM_SCENARIO } from '../simulation/calm-scenario.ts';
import { DaemonLives } from '../simulation/daemon-lives.ts';
import { createWorld } from '../simulation/simulated-world.ts';
import { observation } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

/** Bytes of heap before and after many passes of a loop of the daemon. */
export interface HeapFigures {
  /** Runs one pass. */
  loop: string;
  passes: number;
  before: number;
  after: number;
  /** The most bytes for each pass. */
  most: number;
}

/** A listener that is never removed from a signal takes 58 bytes. The heap itself varies by kilobytes. */
const NOTHING = 20;
/** A reload adds entries to the journal, which this store has in memory; the parts of one config take 480,000. */
const ENTRIES = 60_000;

const log = pino({ level: 'silent' });
const DAY = 24 * 3_600_000;

/** A loop of the daemon under a soak test: what one pass does, and how many passes there are. */
interface Soak {
  loop: string;
  passes: number;
  pass(): Promise<void>;
  most: number;
}

const health = { status: 'healthy', version: '1', uptime: 1, vmsTotal: 0, vmsRunning: 0 };
const capabilities = { host: { maxConcurrentVMs: 2 }, features: [] };

/** An agent without VMs, in memory. */
function idleAgent(clock: ManualClock): AgentClient {
  const answers: Record<string, object> = {
    '/health': health,
    '/system/capabilities': capabilities,
    '/vms': { vms: [], total: 0, limit: 1000, offset: 0 },
  };
  const bytesOf = new Map(
    Object.entries(answers).map(([path, answer]) => [path, Buffer.from(JSON.stringify(answer))]),
  );
  const send = async ({ url }: HttpRequest) => {
    const bytes = bytesOf.get(new URL(url).pathname);
    return { status: bytes ? 200 : 404, bytes: bytes ?? Buffer.alloc(0) };
  };
  const sender = { send, close: async () => undefined };
  return new AgentClient({ name: 'mini-1', baseUrl: 'http://agent.test', token: 't', clock, sender });
}

/**
 * The scheduler decides again and again while a queued job pauses: its VM failed, and it waits for its next
 * attempt.
 */
async function schedulingSoak(): Promise<Soak> {
  const clock = new ManualClock();
  const store = await memoryStore({ clock, log, retention: DAY });
  const { actors, hosts, dispatcher } = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: DEFAULT_POLICY,
    effects: () => endlessEffects({}),
    hosts: [{ name: 'mini-1', client: idleAgent(clock), maxVms: 2 }],
    hostPolicy: { checkInterval: 365 * DAY, lostAfter: 365 * DAY },
    profileFor: () => 'macos',
  });
  hosts.start();
  await settled();
  dispatcher.observe(observation(1));
  const [key] = [...actors.all()].map((actor) => actor.key);
  const job = actors.snapshotOf(key ?? '')?.context.job;
  if (!key || !job) throw new Error('the job has no actor');
  actors.send(key, {
    type: 'job.exchanged',
    job: { ...job, notBefore: clock.now() + 30 * DAY },
    here: false,
  });
  return {
    loop: 'scheduling while a job rests',
    passes: 20_000,
    most: NOTHING,
    pass: async () => {
      dispatcher.requestScheduling();
      await null;
      await null;
    },
  };
}

/** Looks through the adapter at a GitHub without runs; each look is a few requests. */
async function pollingSoak(): Promise<Soak> {
  const clock = new ManualClock();
  const empty = () =>
    new Response('{"total_count":0,"workflow_runs":[]}', {
      headers: { 'content-type': 'application/json' },
    });
  const github = createGitHub({
    apiUrl: 'https://api.github.com',
    auth: { token: 't' },
    clock,
    fetch: async () => empty(),
  });
  let looks = 0;
  const poller = new Poller({
    github,
    repositories: [{ owner: 'octo', repository: 'app' }],
    pace: () => 1_000,
    recheckInterval: 365 * DAY,
    clock,
    random: () => 0.5,
    onObservation: () => undefined,
    onLooked: () => {
      looks += 1;
    },
    activeJobs: () => [],
    log,
  });
  poller.start();
  return {
    loop: 'looks at GitHub',
    passes: 3_000,
    most: NOTHING,
    pass: async () => {
      const before = looks;
      poller.pollNow();
      while (looks === before) await settled();
    },
  };
}

/** Calls to an agent with a signal that lives as long as the daemon, each with its own time limit. */
async function agentSoak(): Promise<Soak> {
  const clock = new ManualClock();
  const client = idleAgent(clock);
  const life = new AbortController();
  return {
    loop: 'lists of an agent',
    passes: 20_000,
    most: NOTHING,
    pass: async () => {
      const limit = startTimeout(clock, 30_000, life.signal);
      await client.listVms({ signal: limit.signal });
      await client.health({ signal: life.signal });
      limit.end();
    },
  };
}

/** The config of a daemon without jobs is read again, with another limit of VMs each time. */
async function reloadSoak(): Promise<Soak> {
  const world = createWorld({ ...CALM_SCENARIO, pushes: [] }, (request) => lives.takeWebhook(request), {});
  const lives = new DaemonLives(world);
  const edit = { what: 'configReloaded', how: 'limitsChanged', at: 0, lasts: 1 } as const;
  const runFor = async (ms: number) => {
    const until = world.clock.now() + ms;
    while (world.clock.now() < until) {
      await settled();
      world.clock.step();
    }
  };
  lives.start();
  await runFor(30_000);
  return {
    loop: 'reloads of the config',
    passes: 15,
    most: ENTRIES,
    pass: async () => {
      if (!world.configEdits.delete(edit)) world.configEdits.add(edit);
      const entries = world.committed.rows.size;
      lives.reload();
      await runFor(20_000);
      if (world.committed.rows.size === entries) throw new Error('the reload changed nothing');
    },
  };
}

function heapUsed(): number {
  for (let n = 0; n < 4; n += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const ROUNDS = 3;

/**
 * A leak grows in every round, while the engine's own memory goes up and down, so the smallest growth counts.
 */
async function soak({ loop, passes, pass, most }: Soak): Promise<HeapFigures> {
  const rounds: HeapFigures[] = [];
  // The first round compiles and fills caches.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const before = heapUsed();
    for (let n = 0; n < passes; n += 1) await pass();
    await settled();
    if (round > 0) rounds.push({ loop, passes, before, after: heapUsed(), most });
  }
  const growth = ({ before, after }: HeapFigures) => after - before;
  return rounds.reduce((least, one) => (growth(one) < growth(least) ? one : least));
}

for (const begin of [schedulingSoak, pollingSoak, agentSoak, reloadSoak]) {
  process.stdout.write(`${JSON.stringify(await soak(await begin()))}\n`);
}
process.exit(0);
