import { DaemonError } from '../../errors.ts';
import {
  CONNECT_ERROR_LINE,
  JOB_STARTED_LINE,
  LISTENING_LINE,
  parseRunnerLog,
  type RunnerLog,
} from './runner-log.ts';
import { checkedRunnerName, type GuestScript, RUNNER_STATE, type ScriptOutput } from './shell.ts';

export interface RunnerStatus extends RunnerLog {
  /** `lost`: it was launched and is gone without an exit code (killed, or the guest was restarted). */
  process: 'absent' | 'running' | 'exited' | 'lost';
  /** 7 means a deprecated version; other exit codes of `run.sh` say little. */
  exitCode: number | null;
}

/**
 * What a watch of a runner waits for, besides the end of its process. `activity`: it took a job. `listening`: it listens
 * for jobs, took one, or printed that it cannot reach GitHub; this wait has a limit.
 */
export type WatchedFor = 'listening' | 'activity' | 'exit';

/** Milliseconds after which the wait for a runner that says nothing ends: a person should learn that it waits. */
export const LONGEST_LISTENING_WAIT = 10_000;

/**
 * The exit code with which `run.sh` reports that GitHub refuses the runner's version (runner 2.333 and
 * later).
 */
const DEPRECATED_EXIT_CODE = 7;

/**
 * Prints the state of the runner, then its log: only beginning and end when it is long. Needs RUNNER_STATE
 * before it.
 */
const REPORT = `
echo; echo "jeballto-state: $(state)"
log="$dir/log"; [ -s "$log" ] || log="$dir/config.log"
if [ -f "$log" ]; then
  if [ "$(wc -c <"$log")" -le 131072 ]; then cat "$log"; else head -c 65536 "$log"; echo; tail -c 65536 "$log"; fi
fi
`;

const LISTENED_FOR = [LISTENING_LINE, JOB_STARTED_LINE, CONNECT_ERROR_LINE]
  .map((line) => `-e '${line}'`)
  .join(' ');

// Checks cheap signs twice a second, and everything once in ten seconds. It then prints a dot, which ends the
// loop when the connection is gone: otherwise each lost connection would leave a loop in the guest.
const WATCH_SCRIPT = `
${RUNNER_STATE}
until=$2
looks=0
while [ ! -f "$dir/rc" ]; do
  if [ $((looks % 20)) -eq 0 ]; then
    [ "$(state)" = running ] || break
    printf . 2>/dev/null || exit 1
  fi
  case $until in
    activity) grep -q '${JOB_STARTED_LINE}' "$dir/log" 2>/dev/null && break ;;
    listening)
      grep -q ${LISTENED_FOR} "$dir/log" 2>/dev/null && break
      [ $looks -lt ${LONGEST_LISTENING_WAIT / 500} ] || break ;;
  esac
  sleep 0.5
  looks=$((looks + 1))
done
${REPORT}
`;

/** Milliseconds for a script that does not wait. */
const READ_TIMEOUT = 30_000;

/** Reads the state of a launched runner. */
export function statusScript(runnerName: string): GuestScript<RunnerStatus> {
  return {
    script: `${RUNNER_STATE}${REPORT}`,
    what: 'read the state of the runner',
    args: [checkedRunnerName(runnerName)],
    timeoutMs: READ_TIMEOUT,
    read: parseStatus,
  };
}

/**
 * Waits in the guest until the runner's process has ended or what it is watched for has come, whichever is first; then
 * reads its state. One script waits in the guest, so nothing is polled over the network.
 */
export function watchScript(runnerName: string, until: WatchedFor): GuestScript<RunnerStatus> {
  return {
    script: WATCH_SCRIPT,
    what: 'watch the runner',
    args: [checkedRunnerName(runnerName), until],
    ...(until === 'listening' && { timeoutMs: LONGEST_LISTENING_WAIT + READ_TIMEOUT }),
    read: parseStatus,
  };
}

/** Reads what REPORT printed. Throws GUEST_COMMAND_FAILED when it printed nothing. */
export function parseStatus({ stdout, stderr }: Pick<ScriptOutput, 'stdout' | 'stderr'>): RunnerStatus {
  const found = /^jeballto-state: (absent|running|exited|lost)(?: (\d{1,3}))?$/m.exec(stdout);
  if (found === null) {
    throw new DaemonError(
      'GUEST_COMMAND_FAILED',
      `The guest did not say whether its runner runs: ${stderr.trim().slice(-200) || 'it said nothing'}.`,
    );
  }
  const exitCode = found[2] === undefined ? null : Number(found[2]);
  const log = parseRunnerLog(stdout.slice(found.index + found[0].length));
  return {
    ...log,
    process: found[1] as RunnerStatus['process'],
    exitCode,
    deprecated: log.deprecated || exitCode === DEPRECATED_EXIT_CODE,
  };
}
