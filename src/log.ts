import { type DestinationStream, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  level: string;
  format: 'json' | 'pretty';
  /** Values that must never be written. Nothing should log them; this is the last door (law 7). */
  secrets: string[];
  /** Standard output by default. */
  destination?: DestinationStream;
}

/** Keys under which libraries' error objects carry credentials or bodies. */
const REDACTED = [
  'err.request',
  'err.response',
  'err.cause.request',
  'err.cause.response',
  '*.authorization',
];

/** Shorter ones would blank out ordinary words. */
const SHORTEST_SCRUBBED = 6;

/** The daemon's JSON log; lines about a job carry `job`, `attempt`, `host` and `state`. */
export function createLog({ level, format, secrets, destination }: LogOptions): Logger {
  const scrubbed = secrets.filter((secret) => secret.length >= SHORTEST_SCRUBBED);
  const stream = destination ?? (format === 'pretty' ? pretty({ ignore: 'pid,hostname' }) : undefined);
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: REDACTED, remove: true },
      hooks: {
        streamWrite: (line) => scrubbed.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line),
      },
    },
    stream ?? pino.destination(1),
  );
}
