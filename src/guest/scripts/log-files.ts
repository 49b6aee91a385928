import type { GuestSession } from '../guest-session.ts';
import { EXPAND_INSTALL } from './shell.ts';

/** Files and bytes of each that are read: what a person looks at first. */
const MOST_FILES = 4;
const MOST_BYTES = 24 * 1024;

const SCRIPT = `
name=$1; install=$2
${EXPAND_INSTALL}
show() { [ -f "$1" ] && { echo "@@@ $2"; tail -c ${MOST_BYTES} "$1"; echo; }; }
show "$HOME/.jeballto-runner/$name/log" runner.log
show "$HOME/.jeballto-runner/$name/config.log" config.log
ls -t "$install/_diag" 2>/dev/null | head -n ${MOST_FILES} | while IFS= read -r file; do
  show "$install/_diag/$file" "_diag/$file"
done
exit 0
`;

/** The ends of the runner's own logs, by name. Raw: whoever keeps them takes secrets out first. */
export async function runnerLogs(
  session: Pick<GuestSession, 'run'>,
  { runnerName, installPath, signal }: { runnerName: string; installPath: string; signal: AbortSignal },
): Promise<Record<string, string>> {
  const args = [runnerName, installPath];
  const { stdout } = await session.run(SCRIPT, { what: 'read the logs', args, timeoutMs: 10_000, signal });
  const logs: Record<string, string> = {};
  for (const part of stdout.split(/^@@@ /m).slice(1)) {
    const end = part.indexOf('\n');
    logs[part.slice(0, end)] = part.slice(end + 1).trimEnd();
  }
  return logs;
}
