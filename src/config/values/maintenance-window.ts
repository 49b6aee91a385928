import { Cron } from 'croner';
import { z } from 'zod';
import { quoted } from '../../format.js';
import type { Kind } from '../key.ts';
import { durationText, parseDuration } from './duration.ts';

const SHORTEST = 60_000;
const LONGEST = 7 * 86_400_000;

const field = (wanted: string) =>
  z.string({ error: ({ input }) => `${input === undefined ? 'is missing' : 'must be a text'}: ${wanted}.` });

const START = 'write the start of the window as a cron expression with 5 fields, such as "0 3 * * 0"';
const DURATION = 'write how long it lasts, from 1m to 7d, such as "2h"';
const TIME_ZONE = 'write the name of a time zone, such as "Europe/Berlin" or "UTC"';

const schema = z.strictObject(
  {
    start: field(START).refine(begins, {
      error: ({ input }) => `${quoted(String(input))} never comes: ${START}.`,
    }),
    duration: field(DURATION).transform((text, ctx) => {
      const ms = parseDuration(text);
      if (ms !== null && ms >= SHORTEST && ms <= LONGEST) return ms;
      ctx.addIssue(`${quoted(text)} does not fit here: ${DURATION}.`);
      return z.NEVER;
    }),
    time_zone: field(TIME_ZONE).refine(isTimeZone, {
      error: ({ input }) => `${quoted(String(input))} is not a time zone here: ${TIME_ZONE}.`,
    }),
  },
  {
    error: ({ code, keys }) =>
      code === 'unrecognized_keys'
        ? `has ${(keys as string[]).map(quoted).join(', ')}: write start, duration and time_zone.`
        : 'must be a window with start, duration and time_zone.',
  },
);

/** A time that comes again and again, in which a host gets no jobs. `duration` in milliseconds. */
export type MaintenanceWindow = z.output<typeof schema>;

export const maintenanceWindow: Kind<typeof schema> = {
  schema,
  type: '`{ start, duration, time_zone }`',
  form: 'command',
  print(window) {
    const { start, duration, time_zone } = window as MaintenanceWindow;
    return `${quoted(start)} for ${durationText(duration)} in ${time_zone}`;
  },
};

function begins(start: string): boolean {
  try {
    return cronOf({ start, time_zone: 'UTC' }).nextRun() !== null;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== null;
  } catch {
    return false;
  }
}

/**
 * Returns the instants at which a window begins. If a change to summer time skips one, the window begins just after the
 * change; if the change back repeats one, it begins once.
 */
export function cronOf({ start, time_zone }: Pick<MaintenanceWindow, 'start' | 'time_zone'>): Cron {
  return new Cron(start, { mode: '5-part', timezone: time_zone, paused: true, fixedTimeRule: 'no-wildcard' });
}
