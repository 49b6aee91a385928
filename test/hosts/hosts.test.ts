import { describe, expect, test } from 'vitest';
import type { Proof } from '../../machines/host.ts';
import { topState } from '../../machines/state-path.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { Hosts } from '../../src/hosts/hosts.ts';
import { createLog } from '../../src/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SECOND = 1_000;
const policy = { checkInterval: 5 * SECOND, lostAfter: 60 * SECOND };

interface SimulatedMac {
  answers: boolean;
  uptime?: number;
  isInMaintenance?: boolean;
  /** Set by the daemon: what a refused change tells it. */
  refuse?: () => void;
}

/** The silences and proofs that a store keeps over restarts of the daemon. */
function memory() {
  const kept = new Map<string, number>();
  const proofs = new Map<string, Proof | null>();
  return {
    kept,
    proofs: {
      of: (host: string) => proofs.get(host) ?? null,
      put: (host: string, proof: Proof | null) => void proofs.set(host, proof),
    },
    of: (host: string) => kept.get(host) ?? 0,
    put: (host: string, ms: number) => void (ms === 0 ? kept.delete(host) : kept.set(host, ms)),
  };
}

/** One run of the daemon, which looks at a Mac that responds or does not. */
function life(
  clock: ManualClock,
  stored: ReturnType<typeof memory>,
  mac: SimulatedMac,
  heardLast: number | null = null,
  {
    before = null,
    isSame = false,
    maxVms = 2,
  }: { before?: Hosts | null; isSame?: boolean; maxVms?: number } = {},
) {
  const ask =
    <T>(answer: T) =>
    async (): Promise<T> => {
      if (mac.answers) return answer;
      throw new DaemonError('HOST_UNREACHABLE', 'mini-1 does not answer.');
    };
  const client = {
    health: async () => ask({ version: '1', uptime: mac.uptime ?? 5 })(),
    capabilities: ask({ maxConcurrentVMs: 2 }),
    lookAtVms: ask({ vms: [], unreadable: [] }),
    whenInMaintenance: (tell: () => void) => {
      mac.refuse = tell;
    },
    isInMaintenance: async () => mac.isInMaintenance ?? false,
  } as unknown as AgentClient;
  const hosts = new Hosts({
    hosts: [{ name: 'mini-1', client, maxVms, isSame }],
    before,
    policy,
    silences: stored,
    proofs: stored.proofs,
    clock,
    log: createLog({ level: 'fatal', format: 'json', secrets: [] }),
    onChange: () => undefined,
  });
  hosts.start(heardLast);
  return {
    hosts,
    state: () => topState(hosts.snapshotOf('mini-1')?.value ?? ''),
    look: () => hosts.snapshotOf('mini-1')?.context.look,
  };
}

test('a host is found to be lost even when the daemon restarts every 20 seconds', async () => {
  const clock = new ManualClock();
  const stored = memory();
  const states: string[] = [];
  for (let lives = 0; lives < 5; lives += 1) {
    const { hosts, state } = life(clock, stored, { answers: false });
    await clock.pass(20 * SECOND);
    states.push(state());
    hosts.stop();
    await clock.pass(10 * 60 * SECOND);
  }
  expect(states).toEqual(['unreachable', 'unreachable', 'lost', 'lost', 'lost']);
});

test('a response ends the silence, and its stored length is removed', async () => {
  const clock = new ManualClock();
  const stored = memory();
  const mac = { answers: false };
  const { state } = life(clock, stored, mac);
  await clock.pass(40 * SECOND);
  expect(stored.of('mini-1')).toBe(40 * SECOND);
  mac.answers = true;
  await clock.pass(10 * SECOND);
  expect([state(), stored.kept.size]).toEqual(['healthy', 0]);
});

test('law 13: hours in which the daemon slept do not count as silence of the host', async () => {
  const clock = new ManualClock();
  const { state } = life(clock, memory(), { answers: false });
  await clock.pass(10 * SECOND);
  clock.advance(3 * 3_600 * SECOND);
  await clock.pass(SECOND);
  expect(state()).toBe('unreachable');
  await clock.pass(50 * SECOND);
  expect(state()).toBe('lost');
});

test('an agent that refuses a change is in maintenance until a look shows that it takes changes', async () => {
  const clock = new ManualClock();
  const mac: SimulatedMac = { answers: true, isInMaintenance: true };
  const { state } = life(clock, memory(), mac);
  await clock.pass(10 * SECOND);
  expect(state()).toBe('healthy');
  mac.refuse?.();
  await clock.pass(30 * SECOND);
  expect(state()).toBe('maintenance');
  mac.isInMaintenance = false;
  await clock.pass(10 * SECOND);
  expect(state()).toBe('proving');
});

test('what a host has to prove outlives a restart of the daemon', async () => {
  const clock = new ManualClock();
  const stored = memory();
  const mac: SimulatedMac = { answers: true, uptime: 100 };
  const first = life(clock, stored, mac);
  await clock.pass(10 * SECOND);
  mac.uptime = 1;
  await clock.pass(10 * SECOND);
  expect([first.state(), stored.proofs.of('mini-1')?.cause]).toEqual(['proving', 'restarted']);
  first.hosts.stop();
  const second = life(clock, stored, mac);
  await clock.pass(SECOND);
  expect(second.state()).toBe('proving');
  second.hosts.tell('mini-1', { type: 'vm.usable' });
  expect([second.state(), stored.proofs.of('mini-1')]).toEqual(['healthy', null]);
});

test.each([
  ['since the earlier daemon was last heard', 60, 'proving'],
  ['before that', 600, 'healthy'],
])('an agent that was started %s makes the host %3$s', async (_, uptime, expected) => {
  const clock = new ManualClock();
  const { state } = life(clock, memory(), { answers: true, uptime }, clock.now() - 300 * SECOND);
  await clock.pass(SECOND);
  expect(state()).toBe(expected);
});

describe('after a reload of the config', () => {
  test('the same Mac goes on as it was seen, with no more slots than it may have now, and is looked at in its turn', async () => {
    const clock = new ManualClock();
    const stored = memory();
    const first = life(clock, stored, { answers: true });
    await clock.pass(SECOND);
    first.hosts.stop();
    first.hosts.stop();
    const second = life(clock, stored, { answers: false }, null, {
      before: first.hosts,
      isSame: true,
      maxVms: 1,
    });
    expect([second.state(), second.look()?.slots]).toEqual(['healthy', 1]);
    await clock.pass(5 * SECOND);
    expect(second.state()).toBe('unreachable');
    second.hosts.stop();
  });

  test('a Mac at another address is unknown until it answers, but for health the last answer counts', async () => {
    const clock = new ManualClock();
    const stored = memory();
    const first = life(clock, stored, { answers: true });
    await clock.pass(SECOND);
    const { seenAt } = first.hosts.snapshotOf('mini-1')?.context ?? {};
    first.hosts.stop();
    const second = life(clock, stored, { answers: true }, null, { before: first.hosts, isSame: false });
    expect([second.state(), second.look(), second.hosts.snapshotOf('mini-1')?.context.seenAt]).toEqual([
      'unknown',
      null,
      seenAt,
    ]);
    await clock.pass(SECOND);
    expect(second.state()).toBe('healthy');
    second.hosts.remove('mini-1');
    expect([...second.hosts.all()]).toEqual([]);
  });
});
