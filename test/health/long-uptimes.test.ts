import { pino } from 'pino';
import { expect, test } from 'vitest';
import { decideHealth } from '../../src/health/decide-health.ts';
import { longUptime } from '../../src/health/long-uptimes.ts';
import { watchUptimes } from '../../src/health/uptime-watch.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { factsOf, hostOf, NOW } from './health-rig.ts';

const DAY = 86_400_000;

test('a Mac is warned of from its 45th day on, with what is left', () => {
  expect(longUptime(45 * DAY - 1)).toBeNull();
  expect(longUptime(45 * DAY)).toBe(
    'has run for 45 d without a restart. In at most 5 d the Mac has run for 49.7 days: then macOS frees no TCP ports any more, and later no new connection can be made',
  );
  expect(longUptime(50 * DAY)).toContain('without a restart. After 49.7 days macOS frees no TCP ports');
});

test('a Mac that has run for too long is degraded, and the daemon is ready', () => {
  const hosts = [hostOf('mini-1', 1_000, { upFor: 46 * DAY }), hostOf('mini-2', 1_000, { upFor: DAY })];
  const { ready, scopes } = decideHealth(factsOf({ hosts, macUpFor: 48 * DAY }));
  expect([ready, scopes.map(({ what, name, since }) => [what, name, since])]).toEqual([
    true,
    [
      ['host', 'mini-1', NOW - DAY],
      ['daemon', 'uptime', NOW - 3 * DAY],
    ],
  ]);
  expect(scopes[0]?.whoActs).toContain('restart the Mac before its 49th day');
});

test('the log warns of it soon after the start and twice a day', async () => {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  const { scopes } = decideHealth(factsOf({ macUpFor: 46 * DAY }));
  const end = watchUptimes({ long: () => scopes, clock, log });
  await clock.pass(DAY);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(/^The Mac of this daemon has run for 46 d without a restart\. .* restart it/);
  end();
  await clock.pass(DAY);
  expect(lines).toHaveLength(2);
});
