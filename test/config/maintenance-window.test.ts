import { expect, test } from 'vitest';
import { AGENT_TOKEN, load, problemLines, SMALLEST } from './config-fixture.ts';

const WINDOW = { start: '0 3 * * 0', duration: '2h', time_zone: 'Europe/Berlin' };

/** The smallest config, with these windows of its only host. */
function withWindows(maintenance: unknown): object {
  const { jeballto: _, ...rest } = SMALLEST as Record<string, unknown>;
  return {
    ...rest,
    hosts: [{ name: 'mini-1', base_url: 'http://192.0.2.1:8011/v1', token: AGENT_TOKEN, maintenance }],
  };
}

test('a window of a host is read with its duration in milliseconds', () => {
  const { config } = load(withWindows([WINDOW]));
  expect(config.hosts[0]?.maintenance).toEqual([{ ...WINDOW, duration: 7_200_000 }]);
});

test.each([
  [{ ...WINDOW, start: 'sunday' }, '.start: "sunday" never comes: write the start of the window'],
  [{ ...WINDOW, start: '0 0 30 2 *' }, '.start: "0 0 30 2 *" never comes'],
  [{ ...WINDOW, start: '0 0 3 * * 0' }, '.start: "0 0 3 * * 0" never comes'],
  [
    { ...WINDOW, duration: '8d' },
    '.duration: "8d" does not fit here: write how long it lasts, from 1m to 7d',
  ],
  [{ ...WINDOW, time_zone: 'Berlin' }, '.time_zone: "Berlin" is not a time zone here'],
  [{ start: '0 3 * * 0', duration: '2h' }, '.time_zone: is missing: write the name of a time zone'],
  [{ ...WINDOW, zone: 'UTC' }, ': has "zone": write start, duration and time_zone.'],
  ['0 3 * * 0', ': must be a window with start, duration and time_zone.'],
])('the window %j is refused with its place and how to write it', (window, problem) => {
  const lines = problemLines(withWindows([window]));
  expect(lines.join('\n')).toContain(`hosts[0].maintenance[0]${problem}`);
});
