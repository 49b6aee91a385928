import { DaemonError } from '../../errors.ts';
import { JOB_ENDED_LINE, JOB_STARTED_LINE } from './runner-log.ts';
import { checkedRunnerName, type GuestScript, RUNNER_STATE, type ScriptOutput } from './shell.ts';

// Two witnesses: the process list and the runner's log. A worker process counts when it belongs to the launched runner:
// by the runner's directory in its command line, or as a descendant of the supervisor; where neither is known, any
// worker counts. The brackets keep the pattern from matching this script's own command line. A log in which a job has
// begun and not ended counts while the runner's process is there.
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

/** Finds out whether a job runs in the guest (law 5). */
export function activityScript(runnerName: string): GuestScript<boolean> {
  return {
    script: SCRIPT,
    what: 'ask whether a job runs',
    args: [checkedRunnerName(runnerName)],
    timeoutMs: 30_000,
    read: readActivity,
  };
}

/** Returns what the script printed: true for any sign of a job, false only when both witnesses say no, else null. */
export function parseActivity(stdout: string): boolean | null {
  const printed = /^jeballto-activity: worker=(yes|no|unknown) job=(open|none)$/m.exec(stdout);
  if (printed === null) return null;
  if (printed[1] === 'yes' || printed[2] === 'open') return true;
  return printed[1] === 'no' ? false : null;
}

/** Throws GUEST_COMMAND_FAILED when the guest cannot tell: "unknown" must not count as "no". */
function readActivity({ stdout, stderr }: ScriptOutput): boolean {
  const isWorking = parseActivity(stdout);
  if (isWorking !== null) return isWorking;
  throw new DaemonError(
    'GUEST_COMMAND_FAILED',
    `The guest did not say whether a job runs in it: ${stderr.trim().slice(-200) || 'its process list is empty'}.`,
  );
}
