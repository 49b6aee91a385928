import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { redact } from './redact.ts';

export interface LogOptions {
  level: string;
  format: 'json' | 'pretty';
  /**
   * Values that must never be written. No code should log them; this is the last protection (law 7). The list
   * may grow: a reload of the config adds new ones.
   */
  secrets: readonly string[];
  /** Standard output by default. */
  destination?: DestinationStream;
}

/** Keys under which the error objects of libraries hold credentials or bodies. */
const REMOVED_KEYS = [
  'err.request',
  'err.response',
  'err.cause.request',
  'err.cause.response',
  '*.authorization',
];

/** Characters of a secret; redacting a shorter one would also remove ordinary words from the lines. */
const SHORTEST_SECRET = 6;

/** Returns the daemon's JSON log; lines about a job carry `job`, `attempt`, `host` and `state`. */
export function createLog({ level, format, secrets, destination }: LogOptions): Logger {
  const stream = destination ?? (format === 'pretty' ? pretty({ ignore: 'pid,hostname' }) : undefined);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REMOVED_KEYS, remove: true },
      hooks: {
        streamWrite: (line) =>
          redact(
            line,
            secrets.filter(({ length }) => length >= SHORTEST_SECRET),
            '[secret]',
          ),
      },
    },
    stream ?? pino.destination(1),
  );
}
