/** The variable in every process of a guest: all guests share this machine's process list. */
export const GUEST_MARK = 'JEBALLTO_SIM_VM';

/**
 * Returns a pgrep that behaves as in a VM of its own on macOS: it finds only this guest's processes, and never the
 * caller's own ancestors, whose command lines contain the pattern.
 */
export function pgrepScript(mark: string): string {
  return `#!/bin/sh
real=/usr/bin/pgrep
mark='${mark}'
quiet=
for arg do
    shift
    case "$arg" in
    -q) quiet=1; continue ;;
    --*) ;;
    -*q*) quiet=1; arg=$(printf %s "$arg" | tr -d q) ;;
    esac
    set -- "$@" "$arg"
done

parent() { ps -o ppid= -p "$1" 2>/dev/null | tr -d ' '; }
ours() {
    if [ -e /proc/self/environ ]; then
        tr '\\0' '\\n' 2>/dev/null <"/proc/$1/environ" | grep -qx "$mark"
    else
        ps -Eww -o command= -p "$1" 2>/dev/null | grep -qF "$mark"
    fi
} 2>/dev/null

lines=$("$real" "$@")
status=$?
[ $status -gt 1 ] && exit $status
callers=" $$ "
pid=$PPID
while [ -n "$pid" ] && [ "$pid" -gt 1 ] && ours "$pid"; do
    callers="$callers$pid "
    pid=$(parent "$pid")
done
found=1
while read -r pid rest; do
    case "$callers" in *" $pid "*) continue ;; esac
    [ -n "$pid" ] && ours "$pid" && [ "$(parent "$pid")" != $$ ] || continue
    found=0
    [ -n "$quiet" ] || echo "$pid\${rest:+ $rest}"
done <<LINES
$lines
LINES
exit $found
`;
}

/** A pkill that affects only this guest's processes. */
export const PKILL_SCRIPT = `#!/bin/sh
signal=-TERM
case "$1" in
-[0-9]* | -[A-Z][A-Z]*) signal=$1; shift ;;
esac
pids=$("$(dirname "$0")/pgrep" "$@") || exit 1
kill "$signal" $pids
`;

/**
 * Returns the date command of a guest whose clock is off by some seconds, until a file "date.right" is beside it. To
 * change or remove the command itself would fail the shell that is about to read it.
 */
export function skewedDateScript(seconds: number): string {
  return `#!/bin/sh
[ -e "$0.right" ] && exec /bin/date "$@"
now=$(($(/bin/date +%s) + ${seconds}))
if /bin/date -d "@$now" >/dev/null 2>&1; then
    exec /bin/date -d "@$now" "$@"
fi
exec /bin/date -r "$now" "$@"
`;
}
