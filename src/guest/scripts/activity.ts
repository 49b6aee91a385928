import { DaemonError } from '../../errors.ts';
import type { GuestSession } from '../guest-session.ts';
import { checkedRunnerName } from './runner-name.ts';
import { JOB_ENDED_LINE, JOB_STARTED_LINE, RUNNER_STATE } from './shell.ts';
import { shellCommand } from './shell-command.ts';

// Two witnesses. A worker counts when it belongs to the launched runner: by the runner's directory in its command
// line, or as a descendant of the supervisor; where neither is known, any worker counts. The brackets keep the
// pattern from matching this script's own command line. A log with a job begun and not ended counts while the
// runner lives.
const SCRIPT = `
${RUNNER_STATE}
supervisor=; install=
[ -f "$dir/pid" ] && read -r supervisor <"$dir/pid"
[ -f "$dir/install" ] && IFS= read -r install <"$dir/install"
worker=$(ps -A -ww -o pid= -o ppid= -o command= 2>/dev/null | SUPERVISOR=$supervisor INSTALL=$install awk '
  { parent[$1] = $2; if ($0 ~ /[R]unner[.]Worker/) worker[$1] = $0 }
  END {
    answer = NR == 0 ? "unknown" : "no"
    for (pid in worker) {
      if (ENVIRON["INSTALL"] == "" || index(worker[pid], ENVIRON["INSTALL"] "/")) answer = "yes"
      for (p = pid; p > 1 && (p in parent); p = parent[p]) if (p == ENVIRON["SUPERVISOR"]) answer = "yes"
    }
    print answer
  }')
begun=$(grep -c '${JOB_STARTED_LINE}' "$dir/log" 2>/dev/null)
ended=$(grep -c '${JOB_ENDED_LINE}' "$dir/log" 2>/dev/null)
job=none
[ "\${begun:-0}" -gt "\${ended:-0}" ] && [ "$(state)" = running ] && job=open
echo; echo "jeballto-activity: worker=$worker job=$job"
`;

/** The command line that asks a guest whether a job runs in it, for the agent's execute route as well as for SSH. */
export function guestActivityCommand(runnerName: string): string {
  return shellCommand(SCRIPT, [checkedRunnerName(runnerName)]);
}

/** What the command answered: true with any sign of a job, false only when both witnesses say no, else null. */
export function parseGuestActivity(output: string): boolean | null {
  const answer = /^jeballto-activity: worker=(yes|no|unknown) job=(open|none)$/m.exec(output);
  if (answer === null) return null;
  if (answer[1] === 'yes' || answer[2] === 'open') return true;
  return answer[1] === 'no' ? false : null;
}

/** Whether a job runs in the guest (law 5). Throws GUEST_COMMAND_FAILED when the guest cannot tell: not knowing is no "no". */
export async function guestIsWorking(
  session: Pick<GuestSession, 'run'>,
  runnerName: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<boolean> {
  const args = [checkedRunnerName(runnerName)];
  const { stdout, stderr } = await session.run(SCRIPT, {
    what: 'ask whether a job runs',
    args,
    timeoutMs: 30_000,
    signal,
  });
  const working = parseGuestActivity(stdout);
  if (working !== null) return working;
  throw new DaemonError(
    'GUEST_COMMAND_FAILED',
    `The guest did not say whether a job runs in it: ${stderr.trim().slice(-200) || 'its process list is empty'}.`,
  );
}
