import type { GuestSession } from '../guest-session.ts';
import { checkedRunnerName } from './runner-name.ts';
import { JOB_STARTED_LINE, RUNNER_STATE } from './shell.ts';
import { parseReport, REPORT, type RunnerStatus } from './status.ts';

// Looks twice a second by what costs the guest nearly nothing, and thoroughly every ten seconds. The dot it
// prints then ends the loop when nobody listens any more: else each lost connection would leave one behind.
const SCRIPT = `
${RUNNER_STATE}
until=$2
looks=0
while [ ! -f "$dir/rc" ]; do
  if [ $((looks % 20)) -eq 0 ]; then
    [ "$(state)" = running ] || break
    printf . 2>/dev/null || exit 1
  fi
  [ "$until" = activity ] && grep -q '${JOB_STARTED_LINE}' "$dir/log" 2>/dev/null && break
  sleep 0.5
  looks=$((looks + 1))
done
${REPORT}
`;

/**
 * Waits in the guest until the runner's process has ended, or with `until: 'activity'` until it took a job if that
 * comes first, and tells how it is then. One command does the waiting, so nothing is polled over the network.
 * Throws GUEST_UNREACHABLE when the connection is lost (the caller connects and asks again), or the signal's reason.
 */
export async function watchRunner(
  session: Pick<GuestSession, 'run'>,
  runnerName: string,
  { until, signal }: { until: 'activity' | 'exit'; signal?: AbortSignal | undefined },
): Promise<RunnerStatus> {
  const { stdout, stderr } = await session.run(SCRIPT, {
    what: 'watch the runner',
    args: [checkedRunnerName(runnerName), until],
    signal,
  });
  return parseReport(stdout, stderr);
}
