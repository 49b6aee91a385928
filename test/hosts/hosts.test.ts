import { expect, test } from 'vitest';
import { topState } from '../../machines/state-path.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import { Hosts } from '../../src/hosts/hosts.ts';
import { createLog } from '../../src/log.ts';
import { ManualClock } from '../support/manual-clock.ts';

const SECOND = 1_000;
const policy = { checkInterval: 5 * SECOND, lostAfter: 60 * SECOND };

/** The silences that a store keeps over restarts of the daemon. */
function silences() {
  const kept = new Map<string, number>();
  return {
    kept,
    of: (host: string) => kept.get(host) ?? 0,
    put: (host: string, ms: number) => void (ms === 0 ? kept.delete(host) : kept.set(host, ms)),
  };
}

/** One run of the daemon, which looks at a Mac that responds or does not. */
function life(clock: ManualClock, memory: ReturnType<typeof silences>, mac: { answers: boolean }) {
  const ask =
    <T>(answer: T) =>
    async (): Promise<T> => {
      if (mac.answers) return answer;
      throw new DaemonError('HOST_UNREACHABLE', 'mini-1 does not answer.');
    };
  const client = {
    health: ask({ version: '1', uptime: 5 }),
    capabilities: ask({ maxConcurrentVMs: 2 }),
    lookAtVms: ask({ vms: [], unreadable: [] }),
  } as unknown as AgentClient;
  const hosts = new Hosts({
    hosts: [{ name: 'mini-1', client, maxVms: 2 }],
    policy,
    silences: memory,
    clock,
    log: createLog({ level: 'fatal', format: 'json', secrets: [] }),
    onChange: () => undefined,
  });
  hosts.start();
  return { hosts, state: () => topState(hosts.snapshotOf('mini-1')?.value ?? '') };
}

test('a host is found to be lost even when the daemon restarts every 20 seconds', async () => {
  const clock = new ManualClock();
  const memory = silences();
  const states: string[] = [];
  for (let lives = 0; lives < 5; lives += 1) {
    const { hosts, state } = life(clock, memory, { answers: false });
    await clock.pass(20 * SECOND);
    states.push(state());
    hosts.stop();
    await clock.pass(10 * 60 * SECOND);
  }
  expect(states).toEqual(['unreachable', 'unreachable', 'lost', 'lost', 'lost']);
});

test('a response ends the silence, and its stored length is removed', async () => {
  const clock = new ManualClock();
  const memory = silences();
  const mac = { answers: false };
  const { state } = life(clock, memory, mac);
  await clock.pass(40 * SECOND);
  expect(memory.of('mini-1')).toBe(40 * SECOND);
  mac.answers = true;
  await clock.pass(10 * SECOND);
  expect([state(), memory.kept.size]).toEqual(['healthy', 0]);
});

test('law 13: hours in which the daemon slept do not count as silence of the host', async () => {
  const clock = new ManualClock();
  const { state } = life(clock, silences(), { answers: false });
  await clock.pass(10 * SECOND);
  clock.advance(3 * 3_600 * SECOND);
  await clock.pass(SECOND);
  expect(state()).toBe('unreachable');
  await clock.pass(50 * SECOND);
  expect(state()).toBe('lost');
});
