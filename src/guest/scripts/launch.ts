import { DaemonError } from '../../errors.ts';
import { redact } from '../../redact.ts';
import {
  checkedRunnerName,
  EXPAND_INSTALL,
  type GuestScript,
  LOGIN_LOCALE,
  RUNNER_STATE,
  type ScriptOutput,
  USUAL_PATH,
} from './shell.ts';

export type RunnerLaunch = { runnerName: string } & (
  | { mode: 'jit'; jitConfig: string }
  /** `group` is null for a repository, where GitHub has no runner groups. */
  | { mode: 'token'; token: string; url: string; labels: readonly string[]; group: string | null }
);

export interface LaunchedRunner {
  answer: 'started' | 'exists';
  /** Files of an earlier configuration that were in the image. */
  removed: string[];
}

/** Milliseconds: `config.sh` calls GitHub several times, and each call up to three times where it fails. */
const LAUNCH_TIMEOUT_MS = 120_000;

// Runs in the guest for as long as its runner does. A configuration that was made when the image was built
// would win over ours; the guest is ours and serves one runner, so that configuration is removed. The secret
// is moved from its file into the environment of the one child that needs it: the runner reads
// ACTIONS_RUNNER_INPUT_* and unsets them before any job runs (source: CommandSettings.cs). Without the
// DEPRECATED variable run.sh exits with 0 when GitHub refuses its version.
const SUPERVISOR = `
${RUNNER_STATE}
install=$2; mode=$3; shift 3
finish() { echo "$1" >"$dir/rc.tmp"; mv "$dir/rc.tmp" "$dir/rc"; exit 0; }
{ echo $$; began $$; } >"$dir/pid.tmp"; mv "$dir/pid.tmp" "$dir/pid"
IFS= read -r secret <"$dir/secret"; rm -f "$dir/secret"
${EXPAND_INSTALL}
${USUAL_PATH}
${LOGIN_LOCALE}
cd "$install" || finish 72
pwd -P >"$dir/install"
for file in .runner* .credentials*; do [ -f "$file" ] && rm -f "$file" && echo "$file" >>"$dir/removed"; done
export ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE=1
if [ "$mode" = token ]; then
  ACTIONS_RUNNER_INPUT_TOKEN=$secret ./config.sh "$@" >"$dir/config.log" 2>&1
  rc=$?
  secret=
  echo $rc >"$dir/config-rc"
  [ $rc -eq 0 ] || finish $rc
  : >"$dir/started"
  ./run.sh
else
  : >"$dir/started"
  ACTIONS_RUNNER_INPUT_JITCONFIG=$secret ./run.sh
fi
finish $?
`;

// A background child of a script ignores SIGINT, and jobs would inherit that: the runner could not cancel
// them gracefully, and their own traps would not work. Perl, which macOS has, gives the supervisor its own
// session and restores the signals. nohup is not used: on macOS it fails without a console. All three
// descriptors are redirected, or the SSH channel would stay open as long as the runner.
const SCRIPT = String.raw`
IFS= read -r secret && [ -n "$secret" ] || { echo 'no secret came by standard input' >&2; exit 65; }
${RUNNER_STATE}
supervisor=$2
[ -d "$HOME/.jeballto-runner" ] || mkdir -p "$HOME/.jeballto-runner" || exit 73
answer=exists
if mkdir -m 700 "$dir" 2>/dev/null; then
  answer=started
  (umask 077; printf '%s\n' "$secret" >"$dir/secret") || { rm -rf "$dir"; exit 73; }
  name=$1; shift 2
  set -- /bin/sh -c "$supervisor" jeballto-runner-supervisor "$name" "$@"
  if command -v perl >/dev/null 2>&1; then
    set -- perl -MPOSIX -e 'POSIX::setsid(); $SIG{$_} = "DEFAULT" for qw(HUP INT QUIT); exec { $ARGV[0] } @ARGV' "$@"
  elif command -v setsid >/dev/null 2>&1; then set -- setsid "$@"
  fi
  (trap '' HUP; exec "$@") >"$dir/log" 2>&1 </dev/null &
fi
secret=
[ -d "$dir" ] || { echo "cannot make $dir" >&2; exit 73; }
while [ ! -f "$dir/started" ] && [ "$(state)" = running ]; do sleep 0.1; done
echo
[ -f "$dir/removed" ] && sed 's/^/jeballto-removed: /' "$dir/removed"
if [ -f "$dir/config-rc" ] && [ "$(cat "$dir/config-rc")" -ne 0 ]; then
  echo "jeballto-launch: config-failed $(cat "$dir/config-rc")"; tail -n 12 "$dir/config.log"
else echo "jeballto-launch: $answer"
fi
`;

/**
 * Starts a runner in the guest so that it outlives this connection and this daemon, once for each runner
 * name: a second launch returns `exists` and starts nothing. In token mode the runner is configured first,
 * and a launch that finds another one configuring it waits for its end. Only its status shows whether the
 * runner stays up.
 */
export function launchScript(launch: RunnerLaunch, installPath: string): GuestScript<LaunchedRunner> {
  const name = checkedRunnerName(launch.runnerName);
  const secret = (launch.mode === 'jit' ? launch.jitConfig : launch.token).trim();
  return {
    script: SCRIPT,
    what: 'start the runner',
    args: [name, SUPERVISOR, installPath, launch.mode, ...configArguments(launch)],
    stdin: `${secret}\n`,
    timeoutMs: LAUNCH_TIMEOUT_MS,
    read: (output) => readLaunch(output, name, secret),
  };
}

/**
 * Throws RUNNER_CONFIGURATION_FAILED with what `config.sh` printed, and GUEST_COMMAND_FAILED when the guest's
 * shell could not start.
 */
function readLaunch({ code, stdout, stderr }: ScriptOutput, name: string, secret: string): LaunchedRunner {
  const result = /^jeballto-launch: (started|exists|config-failed (\d+))$/m.exec(stdout);
  const clean = (text: string) => redact(text, [secret]).trim().slice(-1500);
  if (result === null) {
    throw new DaemonError(
      'GUEST_COMMAND_FAILED',
      `The guest could not start the runner ${name} (exit code ${code}): ${clean(stderr) || 'it said nothing'}.`,
    );
  }
  const [line, word, configCode] = result;
  if (configCode !== undefined) {
    const said = clean(stdout.slice(result.index + line.length));
    throw new DaemonError(
      'RUNNER_CONFIGURATION_FAILED',
      `config.sh of the runner ${name} ended with exit code ${configCode} and said: ${said || 'nothing'}`,
    );
  }
  const removed = [...stdout.matchAll(/^jeballto-removed: (\S+)$/gm)].map((match) => match[1] ?? '');
  return { answer: word as LaunchedRunner['answer'], removed };
}

/** Labels go as one comma-separated word. The self-hosted defaults are added by `config.sh` itself. */
function configArguments(launch: RunnerLaunch): string[] {
  if (launch.mode === 'jit') return [];
  const { url, runnerName, labels, group } = launch;
  return [
    ...['--unattended', '--ephemeral', '--disableupdate', '--url', url, '--name', runnerName],
    ...(labels.length > 0 ? ['--labels', labels.join(',')] : []),
    ...['--work', '_work'],
    ...(group === null ? [] : ['--runnergroup', group]),
  ];
}
