import { EXPAND_INSTALL, type GuestScript } from './shell.ts';

/** The newest files of `_diag` that are read, and how many bytes from the end of each file. */
const DIAG_FILES = 4;
const TAIL_BYTES = 24 * 1024;

const SCRIPT = `
name=$1; install=$2
${EXPAND_INSTALL}
show() { [ -f "$1" ] && { echo "@@@ $2"; tail -c ${TAIL_BYTES} "$1"; echo; }; }
show "$HOME/.jeballto-runner/$name/log" runner.log
show "$HOME/.jeballto-runner/$name/config.log" config.log
ls -t "$install/_diag" 2>/dev/null | head -n ${DIAG_FILES} | while IFS= read -r file; do
  show "$install/_diag/$file" "_diag/$file"
done
exit 0
`;

/** Reads the last parts of the runner's own logs, by name. They are not redacted. */
export function logFilesScript(runnerName: string, installPath: string): GuestScript<Record<string, string>> {
  return {
    script: SCRIPT,
    what: 'read the logs',
    args: [runnerName, installPath],
    timeoutMs: 10_000,
    read: ({ stdout }) => {
      const logs: Record<string, string> = {};
      for (const part of stdout.split(/^@@@ /m).slice(1)) {
        const end = part.indexOf('\n');
        logs[part.slice(0, end)] = part.slice(end + 1).trimEnd();
      }
      return logs;
    },
  };
}
