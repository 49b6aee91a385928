import type { RUNNER_TROUBLES } from '../agent/boot-plan.ts';

/** Version that the simulated guest's runner reports. */
export const RUNNER_VERSION = '2.336.0';

/** Name of the program that the scripts run in place of GitHub's own; it is copied into their folder. */
export const RUNNER_PROGRAM = 'simulated-runner.mjs';

const FIND_ROOT = `DIR="$( cd -P "$( dirname "\${BASH_SOURCE[0]}" )" && pwd )"`;

/**
 * Keeps the listener alive. Its exit status says nothing about the job: it is 0 except for a deprecated
 * version.
 */
export const RUN_SH = `#!/bin/bash
${FIND_ROOT}
cd "$DIR" || exit 1

run() {
    while :; do
        "$DIR"/run-helper.sh $*
        returnCode=$?
        finish
    done
}

runWithManualTrap() {
    trap 'kill -INT -$PID' INT TERM
    while :; do
        set -m
        "$DIR"/run-helper.sh $* &
        PID=$!
        wait $PID
        returnCode=$?
        set +m
        finish
    done
}

finish() {
    if [[ $returnCode -eq 2 ]]; then
        echo "Restarting runner..."
        return
    fi
    echo "Exiting runner..."
    if [[ $returnCode -eq 7 && "$ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE" == "1" ]]; then
        exit 7
    fi
    exit 0
}

if [[ -z "$RUNNER_MANUALLY_TRAP_SIG" ]]; then
    run $*
else
    runWithManualTrap $*
fi
`;

/**
 * Turns the listener's exit status into what run.sh acts on: 2 means "start again", everything else is the
 * end.
 */
export const RUN_HELPER_SH = `#!/bin/bash
${FIND_ROOT}

"$DIR"/bin/Runner.Listener run $*
returnCode=$?
case $returnCode in
0)
    echo "Runner listener exit with 0 return code, stop the service, no retry needed."
    exit 0 ;;
1)
    echo "Runner listener exit with terminated error, stop the service, no retry needed."
    exit 0 ;;
2)
    echo "Runner listener exit with retryable error, re-launch runner in 5 seconds."
    sleep 5
    exit 2 ;;
3 | 4)
    echo "Runner listener exit because of updating, re-launch runner after successful update"
    for _ in {1..30}; do
        if [[ -f "$DIR"/update.finished ]]; then
            rm -f "$DIR"/update.finished
            break
        fi
        sleep 1
    done
    exit 2 ;;
5)
    echo "Runner listener exit with Session Conflict error, stop the service, no retry needed."
    exit 0 ;;
7)
    if [[ "$ACTIONS_RUNNER_RETURN_VERSION_DEPRECATED_EXIT_CODE" == "1" ]]; then
        echo "Runner listener exit with deprecated version error code: $returnCode."
        exit 7
    fi
    echo "Exiting with unknown error code: $returnCode"
    exit 0 ;;
*)
    echo "Exiting with unknown error code: $returnCode"
    exit 0 ;;
esac
`;

/** Configures the runner with a registration token; its exit status is that of the listener. */
export const CONFIG_SH = `#!/bin/bash
${FIND_ROOT}
cd "$DIR" || exit 1
exec "$DIR"/bin/Runner.Listener configure "$@"
`;

const STAMP = "$(date -u '+%Y-%m-%d %H:%M:%SZ')";
/** What the listener prints in a guest that cannot reach GitHub. */
export const OFFLINE = {
  noDns: 'nodename nor servname provided, or not known (github.test:443)',
  untrusted: 'The SSL connection could not be established, see inner exception.',
} as const;
export const DISK_FULL = 'Unhandled exception. System.IO.IOException: No space left on device';
const offline = (why: string) => `[ "$1" = --version ] || {
    echo "${STAMP}: Runner connect error: ${why}. Retrying until reconnected." >&2
    while :; do sleep 1; done
}`;

/** What a listener does that cannot work, by the trouble of its image or its guest's network. */
const TROUBLES: Record<(typeof RUNNER_TROUBLES)[number], string> = {
  badCpu: 'echo "$0: Bad CPU type in executable" >&2; exit 126',
  killed: 'echo "$0: line 8: $$ Killed: 9" >&2; exit 137',
  diskFull: `[ "$1" = --version ] || {
    echo "${DISK_FULL} : '$0.log'" >&2
    echo "   at System.IO.StreamWriter.Flush(Boolean flushStream, Boolean flushEncoder)" >&2
    exit 134
}`,
  noDns: offline(OFFLINE.noDns),
  untrusted: offline(OFFLINE.untrusted),
};

/**
 * Returns the listener. The path of `node` and the guest's mark are written into it, so that a job with an empty
 * environment still belongs to this guest.
 */
export function runnerListener(
  node: string,
  guestMark: string,
  version: string,
  trouble?: keyof typeof TROUBLES,
): string {
  return `#!/bin/bash
${trouble ? TROUBLES[trouble] : ''}
ROOT="$( cd -P "$( dirname "\${BASH_SOURCE[0]}" )/.." && pwd )"
case "$1" in
--version)
    echo "${version}"
    exit 0 ;;
--commit)
    echo "simulated"
    exit 0 ;;
esac
export ${guestMark}
export SIM_RUNNER_VERSION="${version}"
cd "$ROOT" || exit 1
exec -a "$ROOT/bin/Runner.Listener" "\${SIM_NODE:-${node}}" "$ROOT/${RUNNER_PROGRAM}" "$@"
`;
}
