import { expect, test } from 'vitest';
import { hostOrderCommand } from '../../src/cli/commands/hosts/host-order-command.ts';
import { hostsCommand } from '../../src/cli/commands/hosts/hosts-command.ts';
import { nextTimeOfDay } from '../../src/cli/commands/hosts/next-time-of-day.ts';
import type { Orders } from '../../src/dispatch/orders.ts';
import { moment } from '../../src/format.js';
import type { Cordon } from '../../src/store/tables/hosts/cordons.ts';
import { HOLD } from '../machines/job-samples.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { runningDaemon } from './running-daemon.ts';

const HOUR = 3_600_000;
const FAILURE = { code: 'HOST_UNREACHABLE', blame: 'host', disposition: 'retry', retryAt: null } as const;
const ROOM = {
  acceptsJobs: true,
  failure: null,
  maintenanceSince: null,
  proof: null,
  unreachableSince: null,
  cordon: null,
  holders: [],
};

/** A daemon with two hosts, and the orders that it was given. */
async function daemonWithHosts() {
  const given: unknown[] = [];
  let cordon: Cordon | null = null;
  const note =
    (what: string) =>
    (host: string, by: string, until?: number): void => {
      given.push([what, host, by, until]);
      cordon = what === 'uncordon' ? null : { by, at: 0, ...(until !== undefined && { until }) };
    };
  const orders = { cordon: note('cordon'), drain: note('drain'), uncordon: note('uncordon') };
  const daemon = await runningDaemon({
    orders: orders as unknown as Orders,
    hosts: () => [
      {
        name: 'mini-1',
        state: 'healthy',
        history: [],
        cordon,
        look: { version: '1.0.0', uptime: 5, slots: 2, vms: [], isInMaintenance: null },
        room: { ...ROOM, name: 'mini-1', state: 'healthy', slots: 2, free: 1 },
      },
      {
        name: 'mini-2',
        state: 'lost',
        history: [],
        cordon: null,
        failure: { ...FAILURE, message: 'No answer.' },
      },
    ],
  });
  return Object.assign(daemon, { given });
}

test('hosts are listed with their state, their free slots and why they take no jobs', async () => {
  await using daemon = await daemonWithHosts();
  const { terminal, lines } = recordingTerminal();
  expect(await hostsCommand({ config: daemon.config }, terminal)).toBe(0);
  expect(lines.out).toEqual([
    'HOST    STATE    FREE    AGENT',
    'mini-1  healthy  1 of 2  1.0.0  takes jobs',
    'mini-2  lost                    No answer.',
  ]);
});

test('a host that holds a VM says so, with the job that failed in it and until when', async () => {
  const held = { vmName: 'gh-default-101-1', hold: HOLD };
  const base = { state: 'healthy', history: [], cordon: null, held } as const;
  await using daemon = await runningDaemon({
    hosts: () => [
      { ...base, name: 'mini-1' },
      { ...base, name: 'mini-2', state: 'unreachable' },
    ],
  });
  const { terminal, text } = recordingTerminal();
  await hostsCommand({ config: daemon.config }, terminal);
  const words = `holds the VM of job ${HOLD.jobId} until ${moment(HOLD.until)}`;
  expect(text().replace(/ +/g, ' ').split('\n').slice(1)).toEqual([
    `mini-1 healthy takes jobs; ${words}`,
    `mini-2 unreachable ${words}`,
  ]);
});

test('an order reaches the daemon with who gave it and its end, and the answer says until when', async () => {
  await using daemon = await daemonWithHosts();
  const { terminal, lines } = recordingTerminal({ USER: 'ada' });
  const before = Date.now();
  await hostOrderCommand({ what: 'drain', host: 'mini-1', until: '2h', config: daemon.config }, terminal);
  const [[what, host, by, until] = []] = daemon.given as [string, string, string, number][];
  expect([what, host, by]).toEqual(['drain', 'mini-1', 'ada']);
  expect(Math.abs((until ?? 0) - before - 2 * HOUR)).toBeLessThan(60_000);
  expect(lines.out).toEqual([
    `mini-1: takes no new jobs until ${moment(until ?? 0)}, since ada cordoned it.`,
  ]);
  await hostOrderCommand({ what: 'uncordon', host: 'mini-1', config: daemon.config }, terminal);
  expect(lines.out.at(-1)).toBe('mini-1: takes jobs');
});

test.each([
  ['soon', '"soon" is not an end: write a span such as 2h'],
  ['2026-12-01T05:00', 'is not an end'],
  ['2001-01-01T00:00Z', 'is over already'],
  ['9000d', 'more than a year away'],
])('the daemon refuses the end %s with the reason', async (until, reason) => {
  await using daemon = await daemonWithHosts();
  const order = hostOrderCommand(
    { what: 'cordon', host: 'mini-1', until, config: daemon.config },
    recordingTerminal().terminal,
  );
  await expect(order).rejects.toThrow(reason);
  expect(daemon.given).toEqual([]);
});

test('a time of day is its next occurrence on the clock here', () => {
  const noon = new Date(2026, 10, 24, 12).getTime();
  expect(nextTimeOfDay('18:30', noon)).toBe(new Date(2026, 10, 24, 18, 30).getTime());
  expect(nextTimeOfDay('9:00', noon)).toBe(new Date(2026, 10, 25, 9).getTime());
  expect([nextTimeOfDay('24:00', noon), nextTimeOfDay('2h', noon)]).toEqual([null, null]);
});
