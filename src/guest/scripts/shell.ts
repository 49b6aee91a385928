// What our scripts in a guest have in common. POSIX sh as macOS (bash 3.2) and Linux (dash, bash) run it: no
// `local`, no `setsid`, no `timeout`, no GNU options. A script's text stands in the guest's process list.

/**
 * Where the guest keeps a launched runner: `~/.jeballto-runner/<runner name>/` with
 * `pid` (supervisor's pid and start time), `install` (the runner's real directory), `secret` (for moments),
 * `config.log` and `config-rc` (token mode), `started`, `log` and, at the end, `rc`.
 * `state` prints absent, running, `exited <code>` or lost. A directory without a pid is a launch in its first
 * seconds, or one that broke off; after ten seconds it is the latter.
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

/** Basic regular expressions of the runner's own stamped lines; see `runner-log.ts`. */
export const JOB_STARTED_LINE = '^[-0-9]* [:0-9]*Z: Running job: ';
export const JOB_ENDED_LINE = '^[-0-9]* [:0-9]*Z: Job .* completed with result: ';
