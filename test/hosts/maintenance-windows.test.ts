import { describe, expect, test } from 'vitest';
import { maintenanceWindow } from '../../src/config/values/maintenance-window.ts';
import { MaintenanceWindows, type Occurrence } from '../../src/hosts/maintenance-windows.ts';

const windows = (...given: { start: string; duration: string; time_zone: string }[]) =>
  new MaintenanceWindows(given.map((one) => maintenanceWindow.schema.parse(one)));
const at = (text: string) => Date.parse(text);
const iso = (one: Occurrence | null) =>
  one && [one.from, one.until].map((ms) => new Date(ms).toISOString().slice(0, 16)).join(' - ');

describe('a window on Sundays at 3:00 in Berlin for two hours', () => {
  const sundays = { start: '0 3 * * 0', duration: '2h', time_zone: 'Europe/Berlin' };

  test('begins at its first instant and is over at its last one', () => {
    const host = windows(sundays);
    const present = (text: string) => iso(host.present(at(text)));
    const expected = '2026-12-06T02:00 - 2026-12-06T04:00';
    expect(present('2026-12-06T01:59:59.999Z')).toBeNull();
    expect(present('2026-12-06T02:00:00.000Z')).toBe(expected);
    expect(present('2026-12-06T03:59:59.999Z')).toBe(expected);
    expect(present('2026-12-06T04:00:00.000Z')).toBeNull();
    expect(iso(host.next(at('2026-12-06T02:00:00.000Z')))).toBe('2026-12-13T02:00 - 2026-12-13T04:00');
  });

  test('follows its time zone over both changes of the clock', () => {
    const host = windows(sundays);
    expect(iso(host.next(at('2026-07-01T00:00Z')))).toBe('2026-07-05T01:00 - 2026-07-05T03:00');
    // On this Sunday 2:00 is followed by 3:00.
    expect(iso(host.next(at('2026-03-28T00:00Z')))).toBe('2026-03-29T01:00 - 2026-03-29T03:00');
    // On this one 2:00 to 3:00 comes twice.
    expect(iso(host.next(at('2026-10-24T00:00Z')))).toBe('2026-10-25T02:00 - 2026-10-25T04:00');
  });

  test('is known again after the clock was set back', () => {
    const host = windows(sundays);
    expect(host.present(at('2026-12-06T05:00Z'))).toBeNull();
    expect(iso(host.present(at('2026-12-06T03:00Z')))).toBe('2026-12-06T02:00 - 2026-12-06T04:00');
  });
});

test('a begin that summer time leaves out comes at once after the gap, and a repeated one comes once', () => {
  const nightly = windows({ start: '30 2 * * *', duration: '1h', time_zone: 'Europe/Berlin' });
  expect(iso(nightly.next(at('2026-03-28T12:00Z')))).toBe('2026-03-29T01:00 - 2026-03-29T02:00');
  expect(iso(nightly.next(at('2026-10-24T12:00Z')))).toBe('2026-10-25T00:30 - 2026-10-25T01:30');
  expect(iso(nightly.next(at('2026-10-25T00:30Z')))).toBe('2026-10-26T01:30 - 2026-10-26T02:30');
});

test('of several windows the one that ends last counts now, and the one that begins first is the next', () => {
  const utc = { time_zone: 'UTC' };
  const host = windows(
    { start: '0 3 * * *', duration: '1h', ...utc },
    { start: '0 3 * * *', duration: '4h', ...utc },
    { start: '0 22 * * *', duration: '1h', ...utc },
  );
  expect(iso(host.present(at('2026-12-06T03:30Z')))).toBe('2026-12-06T03:00 - 2026-12-06T07:00');
  expect(iso(host.next(at('2026-12-06T03:30Z')))).toBe('2026-12-06T22:00 - 2026-12-06T23:00');
  expect(windows().next(0)).toBeNull();
});
