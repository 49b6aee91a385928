import { pino } from 'pino';
import { expect, test } from 'vitest';
import { SteadyClock } from '../../src/steady-clock.ts';
import { watchClock } from '../../src/upkeep/clock-watch.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { SettableTime } from '../support/settable-time.ts';

const HOUR = 3_600_000;

test('a system’s clock that is far from ours is logged once, and so is the end of that', async () => {
  const time = new ManualClock();
  const system = new SettableTime(time);
  const lines: string[] = [];
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line).msg) });
  const stop = watchClock(new SteadyClock(system), log);
  await time.pass(HOUR);
  expect(lines).toEqual([]);
  system.aheadBy = -2 * HOUR;
  await time.pass(HOUR);
  expect(lines).toEqual([expect.stringMatching(/^the system's clock is 2 h.* behind the daemon's/)]);
  system.aheadBy = 0;
  await time.pass(10 * 60_000);
  expect(lines).toEqual([expect.any(String), "the system's clock and the daemon's agree again"]);
  stop();
  expect(time.alarms).toEqual([]);
});
