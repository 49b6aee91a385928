import type { Blame } from '../../../machines/failure.ts';

export interface RunnerLog {
  /** It has printed that it is connected and that it waits for a job. */
  listening: boolean;
  tookJob: boolean;
  finishedJob: boolean;
  /** Succeeded, Failed, Canceled, … as the runner wrote it. */
  result: string | null;
  /** GitHub refuses the runner's version. */
  deprecated: boolean;
  /** GitHub does not have this registration, or no longer has it. */
  registrationGone: boolean;
  /** The line that says why the runner could not do its work, and who has to act; null when no line does. */
  cause: { line: string; blame: Blame } | null;
  /** The last lines, for people, oldest first. */
  lastLines: string[];
}

const STAMP = String.raw`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ: `;
const LISTENING = new RegExp(`${STAMP}Listening for Jobs$`);
const JOB_STARTED = new RegExp(`${STAMP}Running job: `);
const JOB_ENDED = new RegExp(`${STAMP}Job .* completed with result: (\\w{1,64})$`);
/** The same lines as basic regular expressions, for grep in the guest. */
export const LISTENING_LINE = '^[-0-9]* [:0-9]*Z: Listening for Jobs';
export const JOB_STARTED_LINE = '^[-0-9]* [:0-9]*Z: Running job: ';
export const JOB_ENDED_LINE = '^[-0-9]* [:0-9]*Z: Job .* completed with result: ';
/** What a runner prints that cannot reach GitHub and tries again, also for grep. */
export const CONNECT_ERROR_LINE = 'Runner connect error: ';

const DEPRECATED = /^An error occur+ed: .*Runner version \S+ is deprecated and cannot receive messages\.?$/;
const REGISTRATION_GONE =
  /^(Failed to create a session\. The runner registration has been deleted from the server|The runner no longer exists on the server\.)/;

/**
 * Lines that carry a cause, by what they mean. The lines after them come from the wrapper: "Exiting
 * runner..." ends nearly every log. Runner source: Program.cs, MessageListener.cs; the other lines come from
 * shells and from .NET.
 */
const CAUSES: readonly [RegExp, Blame][] = [
  [/Bad CPU type in executable|[Ee]xec format error|cannot execute|Killed: 9|^dyld\[/, 'image'],
  [/No space left on device/, 'image'],
  // The guest does not trust the server that responds in GitHub's place.
  [/Runner connect error: .*(?:SSL|TLS|[Cc]ertificate)/, 'image'],
  [
    /Runner connect error: .*(?:nodename nor servname|not known|name resolution|unreachable|No route|refused)/,
    'host',
  ],
  [/Runner connect error: .*[Tt]imed out/, 'host'],
  [/Runner connect error: /, 'github'],
  [/^Unhandled exception\. /, 'image'],
  [/^Failed to create a? ?session\./, 'github'],
];
const STAMPED = new RegExp(STAMP);

const MAX_LAST_LINES = 20;
const MAX_LINE_LENGTH = 300;

/**
 * Reads what `run.sh` prints, since its exit code is nearly always 0. Runner source: Runner.cs,
 * JobDispatcher.cs, MessageListener.cs, stamps in UTC. A job's name is another party's text within a line, so
 * the patterns are anchored. A name with line breaks could still forge a line, so a job's end that matters
 * needs another witness (the worker process, GitHub).
 */
export function parseRunnerLog(text: string): RunnerLog {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours and control characters are what goes
  const lines = text.replace(/\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f]/g, '').split('\n');
  const ended = lines.map((line) => JOB_ENDED.exec(line)?.[1]).filter((result) => result !== undefined);
  const started = lines.filter((line) => JOB_STARTED.test(line)).length;
  return {
    listening: lines.some((line) => LISTENING.test(line)),
    tookJob: started > 0,
    finishedJob: started > 0 && ended.length >= started,
    result: ended.at(-1) ?? null,
    deprecated: lines.some((line) => DEPRECATED.test(line)),
    registrationGone: lines.some((line) => REGISTRATION_GONE.test(line)),
    cause: causeIn(lines),
    lastLines: lines
      .filter((line) => line.trim() !== '')
      .slice(-MAX_LAST_LINES)
      .map((line) => line.slice(0, MAX_LINE_LENGTH)),
  };
}

/** The first line with a cause: its consequences come later. The name of a job is not a cause. */
function causeIn(lines: readonly string[]): RunnerLog['cause'] {
  for (const line of lines) {
    if (JOB_STARTED.test(line) || JOB_ENDED.test(line)) continue;
    const text = line.replace(STAMPED, '');
    const known = CAUSES.find(([pattern]) => pattern.test(text));
    if (known) return { line: text.trim().slice(0, MAX_LINE_LENGTH), blame: known[1] };
  }
  return null;
}
