import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { DEFAULT_POLICY } from '../../machines/job/policy.ts';
import { statePath } from '../../machines/state-path.ts';
import { AgentClient } from '../../src/agent/agent-client.ts';
import type { HttpRequest } from '../../src/agent/agent-sender.ts';
import { createCore } from '../../src/controller/create-core.ts';
import type { EffectWorld } from '../../src/effects/effect-world.ts';
import { JournalWriter } from '../../src/journal/journal-writer.ts';
import { BaseVms } from '../../src/upkeep/bases/base-vms.ts';
import { Collector } from '../../src/upkeep/collector.ts';
import { vmAnswer } from '../agent/scripted-agent.ts';
import { DAY, observation } from '../store/records.ts';
import { endlessEffects } from '../support/endless-effects.ts';
import { ManualClock, settled } from '../support/manual-clock.ts';
import { memoryStore } from '../support/memory-store.ts';

const SECOND = 1_000;
const INTERVAL = 60 * SECOND;
const log = pino({ level: 'silent' });

type Answer = (request: HttpRequest) => object | Promise<object>;

const never = ({ signal }: { signal?: AbortSignal | undefined }) =>
  new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/**
 * A Mac with one VM of a lost record, whose agent first uses the responses of `routes`, then the usual ones.
 */
function macWith(state: string, routes: Record<string, Answer> = {}) {
  const vms = new Map([['VM-1', vmAnswer({ id: 'VM-1', name: 'gh-default-9-1', state, uptime: 300 })]]);
  const usual: Record<string, Answer> = {
    'GET /vms': () => ({ vms: [...vms.values()], total: vms.size, limit: 1000, offset: 0 }),
    'GET /vms/VM-1': () => vms.get('VM-1') ?? {},
    'GET /vms/VM-1/state': () => ({ state }),
    'GET /vms/VM-1/ssh': () => ({ status: 'ready', port: 2222 }),
    'DELETE /vms/VM-1': () => ({ deleted: vms.delete('VM-1') }),
    'GET /config': () => ({ networking: { autoEnableSSHForwarding: false } }),
  };
  const send = async (request: HttpRequest) => {
    const route = `${request.method} ${new URL(request.url).pathname}`;
    const answer = { ...usual, ...routes }[route];
    return {
      status: answer ? 200 : 404,
      bytes: Buffer.from(JSON.stringify((await answer?.(request)) ?? {})),
    };
  };
  return { vms, send };
}

interface Rig {
  macs: Record<string, ReturnType<typeof macWith>>;
  github?: Partial<EffectWorld['github']>;
  repositories?: string[];
}

async function collecting({ macs, github = {}, repositories = ['app'] }: Rig, clock = new ManualClock()) {
  const clients = new Map(
    Object.entries(macs).map(([name, { send }]) => {
      const sender = { send, close: async () => undefined };
      return [name, new AgentClient({ name, baseUrl: `http://${name}.test`, token: 't', clock, sender })];
    }),
  );
  const store = await memoryStore({ clock, log, retention: DAY });
  const core = createCore({
    store,
    journal: new JournalWriter(store.journal),
    clock,
    log,
    policy: DEFAULT_POLICY,
    effects: () => endlessEffects({}),
    hosts: [...clients].map(([name, client]) => ({ name, client, maxVms: 2 })),
    hostPolicy: { checkInterval: DAY, lostAfter: DAY },
    profileFor: () => 'macos',
  });
  const places = repositories.map((repository) => ({ owner: 'octo', repository }));
  const world = {
    clock,
    agent: (host: string) => clients.get(host),
    bases: new BaseVms(false, 'gh-default'),
    github: {
      listRunners: async () => [],
      findRunner: async () => null,
      getJob: async () => null,
      ...github,
    },
  } as unknown as EffectWorld;
  const collector = new Collector({
    world,
    store,
    clock,
    log,
    actors: core.actors,
    hosts: core.hosts,
    scopes: places.map((place) => ({ kind: 'repository' as const, ...place })),
    repositories: places,
    namePrefix: 'gh-default',
    profileFor: () => 'macos',
    interval: INTERVAL,
  });
  onTestFinished(async () => {
    collector.stop();
    core.stop();
    await store.close();
  });
  const states = () => [...core.actors.all()].map(({ snapshot }) => statePath(snapshot.value));
  return { clock, collector, states };
}

test('a host that hangs does not delay the collection on other hosts', async () => {
  const macs = { deaf: macWith('stopped', { 'GET /vms': never }), good: macWith('stopped') };
  const { clock, collector } = await collecting({ macs });
  void collector.run();
  await clock.pass(INTERVAL + SECOND);
  expect(macs.good.vms.size).toBe(0);
  expect(macs.deaf.vms.size).toBe(1);
});

test('a host that hangs in a delete delays its own next look only a little, and no other host', async () => {
  const macs = { deaf: macWith('stopped', { 'DELETE /vms/VM-1': never }), good: macWith('stopped') };
  const { clock, collector } = await collecting({ macs });
  void collector.run();
  await clock.pass(INTERVAL + SECOND);
  expect(macs.good.vms.size).toBe(0);
  await clock.pass(INTERVAL);
  macs.good.vms.set('VM-1', vmAnswer({ id: 'VM-1', name: 'gh-default-9-2', state: 'stopped' }));
  await clock.pass(2 * INTERVAL);
  expect(macs.good.vms.size).toBe(0);
});

test('collections on twelve hosts that hang end at once with the daemon, without a warning of Node', async () => {
  const warned: string[] = [];
  const warn = (warning: Error) => warned.push(String(warning));
  process.on('warning', warn);
  onTestFinished(() => void process.off('warning', warn));
  const names = Array.from({ length: 12 }, (_, n) => [`mac-${n}`, macWith('stopped', { 'GET /vms': never })]);
  const { clock, collector } = await collecting({ macs: Object.fromEntries(names) });
  const running = collector.run();
  await clock.pass(SECOND);
  const before = clock.now();
  collector.stop();
  await clock.finish(running);
  expect(clock.now()).toBe(before);
  await settled();
  expect(warned).toEqual([]);
});

test('an adoption does not wait for the guest’s address, which may take an agent minutes', async () => {
  const macs = { slow: macWith('running', { 'POST /vms/VM-1/ssh': ({ signal }) => never({ signal }) }) };
  const { clock, collector, states } = await collecting({ macs });
  void collector.run();
  await clock.pass(INTERVAL + 1 * SECOND);
  expect(states()).toEqual(['running.retiring.askingGuest.acting']);
});

test('a repository that hangs does not delay the adoption of a VM of another repository', async () => {
  const macs = { good: macWith('running') };
  const getJob: EffectWorld['github']['getJob'] = (_owner, repository, jobId, options) =>
    repository === 'app' ? Promise.resolve(observation(jobId)) : never(options ?? {});
  const { clock, collector, states } = await collecting({
    macs,
    github: { getJob },
    repositories: ['deaf', 'app'],
  });
  void collector.run();
  await clock.pass(INTERVAL + SECOND);
  expect(states()).toHaveLength(1);
});

test('a VM of an unknown repository is not adopted while a repository that may have its job refuses', async () => {
  const macs = { good: macWith('running') };
  let refuses = true;
  const getJob: EffectWorld['github']['getJob'] = async (_owner, repository) => {
    if (repository === 'closed' && refuses) throw new Error('403');
    return null;
  };
  const { clock, collector, states } = await collecting({
    macs,
    github: { getJob },
    repositories: ['closed', 'app'],
  });
  void collector.run();
  await clock.pass(3 * INTERVAL);
  expect(states()).toEqual([]);
  refuses = false;
  await clock.pass(INTERVAL);
  expect(states()).toHaveLength(1);
});
