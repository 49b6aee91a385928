import { DaemonError } from '../../errors.ts';

// What the scripts in a guest have in common. POSIX sh as macOS (bash 3.2) and Linux (dash, bash) run it: no `local`, no
// `setsid`, no `timeout`, no GNU options. A script's text is visible in the guest's process list.

/** What one script prints when it has ended. */
export interface ScriptOutput {
  /** Exit code; null when a signal ended the script. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A script for a guest, and how its output is read. */
export interface GuestScript<Result> {
  script: string;
  /** What it is for, as the journal names it. */
  what: string;
  args: readonly string[];
  /** A secret may reach the guest only this way. */
  stdin?: string;
  /** Milliseconds; without it the script may run until it ends. */
  timeoutMs?: number;
  read(output: ScriptOutput): Result;
}

/**
 * Quotes one word for any shell of the Bourne family (sh, bash, zsh): the guest's login shell may be any of
 * them.
 */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Returns the command line that runs a POSIX script with arguments, whatever login shell reads it. Everything in it is
 * visible in the guest's process list, so secrets are sent on standard input and never in `args`.
 */
export function shellCommand(script: string, args: readonly string[] = []): string {
  return ['/bin/sh -c', shellQuote(script), 'sh', ...args.map(shellQuote)].join(' ');
}

/** Throws for a runner name that could not be a directory of its own in the guest. */
export function checkedRunnerName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new DaemonError('UNEXPECTED', `"${name}" is not a name that this daemon gives to a runner.`);
}

/**
 * Where the guest keeps a launched runner: `~/.jeballto-runner/<runner name>/` with `pid` (supervisor's pid
 * and start time), `install` (the runner's real directory), `secret` (for a moment), `config.log` and
 * `config-rc` (token mode), `started`, `log` and, at the end, `rc`. `state` prints absent, running, `exited
 * <code>` or lost. A directory without a pid is a launch in its first seconds, or one that broke off; after
 * ten seconds it is the latter.
 */
export const RUNNER_STATE = `
dir="$HOME/.jeballto-runner/$1"
# The start time of a live process, empty for a dead one: a pid alone may belong to another process by now.
began() {
  if [ -d /proc/self ]; then sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" { print $20 }'
  else LC_ALL=C TZ=UTC0 ps -o stat= -o lstart= -p "$1" | awk '$1 !~ /^Z/ { $1 = ""; print }'; fi
}
changed() { stat -c %Y "$1" 2>/dev/null || stat -f %m "$1"; }
state() {
  [ -d "$dir" ] || { echo absent; return; }
  if [ -f "$dir/rc" ]; then :
  elif [ -f "$dir/pid" ]; then
    { read -r pid; IFS= read -r since; } <"$dir/pid"
    [ -n "$since" ] && [ "$(began "$pid")" = "$since" ] && { echo running; return; }
  elif [ $(( $(date +%s) - $(changed "$dir") )) -lt 10 ]; then echo running; return
  fi
  # Looked at last: the process may have ended while we asked for it.
  if [ -f "$dir/rc" ]; then echo "exited $(cat "$dir/rc")"; else echo lost; fi
}
`;

/** Reads `install` with a leading `~` as the guest's home. */
export const EXPAND_INSTALL = `
case $install in "~") install=$HOME ;; "~/"*) install=$HOME/$(printf %s "$install" | cut -c3-) ;; esac
`;

/** A command over SSH gets macOS's barest PATH, in which Homebrew's tools seem to be missing. */
export const USUAL_PATH = `
[ -x /usr/libexec/path_helper ] && eval "$(/usr/libexec/path_helper -s)"
for place in /opt/homebrew/bin /usr/local/bin; do
  case ":$PATH:" in *":$place:"*) ;; *) [ -d "$place" ] && PATH="$PATH:$place" ;; esac
done
export PATH
`;

/**
 * A command over SSH has no locale on macOS, where a login has one: jobs would run in ASCII. The runner's own
 * `.env` is read later, by the runner itself, and overrides this when the image wants another locale.
 */
export const LOGIN_LOCALE = `
case "\${LC_ALL:-\${LC_CTYPE:-\${LANG:-}}}" in
  *[Uu][Tt][Ff]*8) ;;
  *) unset LC_ALL LC_CTYPE
     if [ "$(uname -s)" = Darwin ]; then LANG=en_US.UTF-8; else LANG=C.UTF-8; fi
     export LANG ;;
esac
`;
