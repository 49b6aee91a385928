import { DaemonError } from '../../errors.ts';
import type { GuestSession } from '../guest-session.ts';
import { parseRunnerLog, type RunnerLog } from './runner-log.ts';
import { checkedRunnerName } from './runner-name.ts';
import { RUNNER_STATE } from './shell.ts';

export interface RunnerStatus extends RunnerLog {
  /** `lost`: it was launched and is gone without an exit code (killed, or the guest was restarted). */
  process: 'absent' | 'running' | 'exited' | 'lost';
  /** 7 is a deprecated version; other codes of `run.sh` say little. */
  exitCode: number | null;
}

/** The exit code with which `run.sh` passes on that GitHub refuses the runner's version (runner 2.333 and later). */
const DEPRECATED_EXIT_CODE = 7;

/** Prints the state of the runner, then its log: beginning and end where it is long. Needs RUNNER_STATE before it. */
export const REPORT = `
echo; echo "jeballto-state: $(state)"
log="$dir/log"; [ -s "$log" ] || log="$dir/config.log"
if [ -f "$log" ]; then
  if [ "$(wc -c <"$log")" -le 131072 ]; then cat "$log"; else head -c 65536 "$log"; echo; tail -c 65536 "$log"; fi
fi
`;

/** Asks the guest how a launched runner is, in one round trip. */
export async function runnerStatus(
  session: Pick<GuestSession, 'run'>,
  runnerName: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<RunnerStatus> {
  const { stdout, stderr } = await session.run(`${RUNNER_STATE}${REPORT}`, {
    what: 'read the state of the runner',
    args: [checkedRunnerName(runnerName)],
    timeoutMs: 30_000,
    signal,
  });
  return parseReport(stdout, stderr);
}

/** Reads what REPORT printed. Throws GUEST_COMMAND_FAILED when it did not get to print it. */
export function parseReport(stdout: string, stderr: string): RunnerStatus {
  const found = /^jeballto-state: (absent|running|exited|lost)(?: (\d+))?$/m.exec(stdout);
  if (found === null) {
    throw new DaemonError(
      'GUEST_COMMAND_FAILED',
      `The guest did not say how its runner is: ${stderr.trim().slice(-200) || 'it said nothing'}.`,
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
