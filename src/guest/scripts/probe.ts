import { DaemonError } from '../../errors.ts';
import { EXPAND_INSTALL, type GuestScript, type ScriptOutput, USUAL_PATH } from './shell.ts';

export interface GuestFacts {
  /** Null when the runner could not say within five seconds. */
  runnerVersion: string | null;
  /** As `uname` has it: Darwin, Linux. */
  os: string;
  arch: string;
  /** Epoch ms by the guest's clock; a resumed clone may be far off. */
  guestTime: number;
}

// macOS has a git that only asks to install the command line tools; it counts as missing until they are
// there. `--version` starts .NET and may hang in a broken image, so it is limited to fifty tenths of a
// second.
const SCRIPT = `
echo
install=$1
${EXPAND_INSTALL}
${USUAL_PATH}
missing=0
lacks() { missing=1; echo "lacks: $1"; }
for file in run.sh config.sh; do
  if [ ! -f "$install/$file" ]; then lacks "$file"
  elif [ ! -x "$install/$file" ]; then lacks "$file (it is there, but not executable)"; fi
done
command -v bash >/dev/null 2>&1 || lacks bash
if ! git=$(command -v git); then lacks git
elif [ "$(uname -s)" = Darwin ] && [ "$git" = /usr/bin/git ] && ! xcode-select -p >/dev/null 2>&1; then
  lacks "git (the Xcode command line tools are not installed)"
fi
version=
if [ $missing = 0 ] && [ -x "$install/bin/Runner.Listener" ]; then
  answer=$(mktemp)
  "$install/bin/Runner.Listener" --version >"$answer" 2>"$answer.why" </dev/null &
  listener=$!
  tenths=0
  while kill -0 $listener 2>/dev/null && [ $tenths -lt 50 ]; do sleep 0.1; tenths=$((tenths + 1)); done
  kill -9 $listener 2>/dev/null
  wait $listener 2>>"$answer.why"
  code=$?
  read -r version <"$answer"
  if [ $code -ne 0 ] && [ $tenths -lt 50 ]; then
    why=$(head -n 1 "$answer.why" | cut -c1-200)
    lacks "bin/Runner.Listener (it is there, but does not run: \${why:-exit code $code})"
  fi
  rm -f "$answer" "$answer.why"
fi
echo "path: $install"
echo "version: $version"
echo "system: $(uname -s) $(uname -m) $(date +%s)"
`;

/** Finds out whether a guest can become a runner. `installPath` may begin with `~/`. */
export function probeScript(installPath: string): GuestScript<GuestFacts> {
  return {
    script: SCRIPT,
    what: 'look for the tools',
    args: [installPath],
    timeoutMs: 30_000,
    read: (output) => readFacts(output, installPath),
  };
}

/** Throws GUEST_TOOL_MISSING with each missing one of run.sh, config.sh, bash and git and the path that was searched. */
function readFacts({ stdout, stderr }: ScriptOutput, installPath: string): GuestFacts {
  const lacks = [...stdout.matchAll(/^lacks: (.+)$/gm)].map((match) => match[1]);
  const system = /^system: (\S{1,64}) (\S{1,64}) (\d{1,11})$/m.exec(stdout);
  const path = /^path: (.{1,1024})$/m.exec(stdout)?.[1] ?? installPath;
  if (lacks.length > 0) {
    throw new DaemonError(
      'GUEST_TOOL_MISSING',
      `The guest lacks ${lacks.join(', ').slice(0, 1_000)}. Build an image that has the Actions runner (run.sh and config.sh) in ${path}, ` +
        'and bash and git on the PATH; or correct runner.install_path, if the runner is in another folder.',
    );
  }
  if (system === null) {
    throw new DaemonError(
      'GUEST_COMMAND_FAILED',
      `The guest did not answer the probe as a shell does: ${(stderr || stdout).trim().slice(-200) || 'it said nothing'}.`,
    );
  }
  return {
    runnerVersion: /^version: (\d{1,9}\.\d{1,9}\.\d{1,9}\S{0,64})$/m.exec(stdout)?.[1] ?? null,
    os: system[1] ?? '',
    arch: system[2] ?? '',
    guestTime: Number(system[3]) * 1000,
  };
}
