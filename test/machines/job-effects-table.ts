/**
 * What the results of effects and the ends of waits lead to, as reviewed data; `job-table.ts` explains the
 * cells.
 */

/** The results of effects, except `waitUntil`, which is in WAITS. */
export const DONE = `
state                                          | effect             | answer                 | leads to
creating.acting                                | createVm           | made                   | starting
starting.acting                                | startVm            | with a lifetime        | sshReady
starting.acting                                | startVm            | without a lifetime     | sshReady
sshReady.acting                                | connectGuest       | logged in              | probing
probing.acting                                 | probeGuest         | all found              | jitConfig
jitConfig.acting                               | obtainRunnerConfig | jit                    | launching
jitConfig.acting                               | obtainRunnerConfig | token                  | launching
runnerOnline.launching.acting                  | launchRunner       | launched               | confirming
runnerOnline.confirming.acting                 | confirmOnline      | online                 | idle
running.idle.watching                          | watchRunner        | took a job             | busy
running.idle.watching                          | watchRunner        | exited after a job     | verifying
running.idle.watching                          | watchRunner        | exited otherwise       | verifying
running.idle.watching                          | watchRunner        | died in a job          | verifying+
running.idle.watching                          | watchRunner        | exited without a job   | verifying+
running.idle.watching                          | watchRunner        | VM vanished            | asks+
running.busy.watching                          | watchRunner        | took a job             | again
running.busy.watching                          | watchRunner        | exited after a job     | verifying
running.busy.watching                          | watchRunner        | exited otherwise       | verifying
running.busy.watching                          | watchRunner        | died in a job          | verifying+
running.busy.watching                          | watchRunner        | exited without a job   | verifying+
running.busy.watching                          | watchRunner        | VM vanished            | ends+
running.finishing.watching                     | watchRunner        | took a job             | again
running.finishing.watching                     | watchRunner        | exited after a job     | ends
running.finishing.watching                     | watchRunner        | exited otherwise       | ends
running.finishing.watching                     | watchRunner        | died in a job          | ends
running.finishing.watching                     | watchRunner        | exited without a job   | ends
running.finishing.watching                     | watchRunner        | VM vanished            | ends
running.verifying.acting                       | recheckJob         | queued                 | frees
running.verifying.acting                       | recheckJob         | running elsewhere      | ends
running.verifying.acting                       | recheckJob         | held back              | frees
running.verifying.acting                       | recheckJob         | completed              | ends
running.retiring.askingGuest.acting            | askGuest           | working                | busy
running.retiring.askingGuest.acting            | askGuest           | not working            | deregister
running.retiring.askingGuest.acting            | askGuest           | VM vanished            | asks
running.retiring.askingGuest.askingGitHub      | askGitHub          | queued, runner online  | waiting
running.retiring.askingGuest.askingGitHub      | askGitHub          | queued, runner offline | releasing
running.retiring.askingGuest.askingGitHub      | askGitHub          | queued, runner absent  | releasing
running.retiring.askingGuest.askingGitHub      | askGitHub          | held back              | releasing
running.retiring.askingGuest.askingGitHub      | askGitHub          | running here           | busy
running.retiring.askingGuest.askingGitHub      | askGitHub          | running elsewhere      | waiting
running.retiring.askingGuest.askingGitHub      | askGitHub          | ended here             | finishing
running.retiring.askingGuest.askingGitHub      | askGitHub          | ended elsewhere        | waiting
running.retiring.deregistering.acting          | deregisterRunner   | removed                | checkJob
running.retiring.deregistering.acting          | deregisterRunner   | refused as busy        | askLater
running.retiring.checkingJob                   | askGitHub          | queued, runner online  | releasing
running.retiring.checkingJob                   | askGitHub          | queued, runner offline | releasing
running.retiring.checkingJob                   | askGitHub          | queued, runner absent  | releasing
running.retiring.checkingJob                   | askGitHub          | held back              | releasing
running.retiring.checkingJob                   | askGitHub          | running here           | busy
running.retiring.checkingJob                   | askGitHub          | running elsewhere      | settling
running.retiring.checkingJob                   | askGitHub          | ended here             | finishing
running.retiring.checkingJob                   | askGitHub          | ended elsewhere        | settling
running.retiring.askingGuestAgain.acting       | askGuest           | working                | busy
running.retiring.askingGuestAgain.acting       | askGuest           | not working            | asks
running.retiring.askingGuestAgain.acting       | askGuest           | VM vanished            | asks
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | queued, runner online  | waiting
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | queued, runner offline | releasing
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | queued, runner absent  | releasing
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | held back              | releasing
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | running here           | busy
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | running elsewhere      | waiting
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | ended here             | finishing
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | ended elsewhere        | waiting
`;

/**
 * Rejections by the disposition of their code; codes with a special meaning in a state are in OWN_WAY. An
 * attempt that is given up counts as failed when our code, the host or the image is to blame; after a code of
 * OVER the job is over too.
 */
export const REJECTED = `
state                                          | effect             | retry    | blocked  | giveUp
creating.acting                                | createVm           | waiting  | blocked  | frees
starting.acting                                | startVm            | waiting  | blocked  | frees
sshReady.acting                                | connectGuest       | waiting  | blocked  | frees
probing.acting                                 | probeGuest         | waiting  | blocked  | frees
jitConfig.acting                               | obtainRunnerConfig | waiting  | blocked  | frees
runnerOnline.launching.acting                  | launchRunner       | waiting  | waiting  | retiring
runnerOnline.confirming.acting                 | confirmOnline      | waiting  | waiting  | retiring
running.idle.watching                          | watchRunner        | waiting  | waiting  | waiting
running.busy.watching                          | watchRunner        | waiting  | waiting  | waiting
running.finishing.watching                     | watchRunner        | waiting  | waiting  | waiting
running.verifying.acting                       | recheckJob         | waiting  | waiting  | waiting
running.retiring.askingGuest.acting            | askGuest           | waiting  | waiting  | waiting
running.retiring.askingGuest.askingGitHub      | askGitHub          | waiting  | waiting  | waiting
running.retiring.deregistering.acting          | deregisterRunner   | waiting  | waiting  | waiting
running.retiring.checkingJob                   | askGitHub          | settling | settling | settling
running.retiring.askingGuestAgain.acting       | askGuest           | waiting  | waiting  | waiting
running.retiring.askingGuestAgain.askingGitHub | askGitHub          | waiting  | waiting  | waiting
`;

/** Failures that do not count as a failed attempt, although the host is to blame. */
export const NO_FAILED_ATTEMPT = ['HOST_LOST', 'HOST_FULL', 'IMAGE_NOT_READY'];

/** Failures after which no further VM is made for the job, although GitHub may have it queued (law 11). */
export const OVER = [
  'PROFILE_UNKNOWN',
  'REPOSITORY_UNKNOWN',
  'REPOSITORY_GONE',
  'OPERATOR_CANCELLED',
  'OPERATOR_FORGOT',
];

/**
 * Codes with a special meaning besides their disposition: a used name, a lost secret, a runner that has
 * ended, a job that is not queued any more.
 */
export const OWN_WAY = `
state                          | effect             | code                        | leads to
creating.acting                | createVm           | VM_NAME_TAKEN               | waiting
jitConfig.acting               | obtainRunnerConfig | RUNNER_NAME_TAKEN           | waiting
jitConfig.acting               | obtainRunnerConfig | JOB_NO_LONGER_QUEUED        | asks
runnerOnline.launching.acting  | launchRunner       | RUNNER_CONFIG_LOST          | jitConfig
runnerOnline.launching.acting  | launchRunner       | RUNNER_EXITED               | asks+
runnerOnline.launching.acting  | launchRunner       | RUNNER_DIED                 | asks+
runnerOnline.launching.acting  | launchRunner       | RUNNER_DEPRECATED           | asks+
runnerOnline.launching.acting  | launchRunner       | RUNNER_CONFIGURATION_FAILED | asks+
runnerOnline.launching.acting  | launchRunner       | VM_VANISHED                 | asks+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_EXITED               | asks+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_DIED                 | asks+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_DEPRECATED           | asks+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_CONFIGURATION_FAILED | asks+
runnerOnline.confirming.acting | confirmOnline      | VM_VANISHED                 | asks+
`;

/** The instants that a state waits for, and what follows; a wait that fails leads where its end leads. */
export const WAITS = `
state                                          | wait               | leads to
creating.acting                                | phaseDeadline      | frees+
creating.waiting                               | phaseDeadline      | frees+
creating.waiting                               | retryWait          | acting
creating.blocked                               | blockedWait        | acting
starting.acting                                | phaseDeadline      | frees+
starting.waiting                               | phaseDeadline      | frees+
starting.waiting                               | retryWait          | acting
starting.blocked                               | blockedWait        | acting
sshReady.acting                                | phaseDeadline      | frees+
sshReady.waiting                               | phaseDeadline      | frees+
sshReady.waiting                               | retryWait          | acting
sshReady.blocked                               | blockedWait        | acting
probing.acting                                 | phaseDeadline      | frees+
probing.waiting                                | phaseDeadline      | frees+
probing.waiting                                | retryWait          | acting
probing.blocked                                | blockedWait        | acting
warm                                           | phaseDeadline      | ends
jitConfig.acting                               | phaseDeadline      | frees+
jitConfig.waiting                              | phaseDeadline      | frees+
jitConfig.waiting                              | retryWait          | acting
jitConfig.blocked                              | blockedWait        | acting
runnerOnline.launching.acting                  | phaseDeadline      | retiring+
runnerOnline.launching.waiting                 | phaseDeadline      | retiring+
runnerOnline.launching.waiting                 | retryWait          | acting
runnerOnline.confirming.acting                 | phaseDeadline      | retiring+
runnerOnline.confirming.waiting                | phaseDeadline      | retiring+
runnerOnline.confirming.waiting                | retryWait          | acting
running.idle.watching                          | phaseDeadline      | retiring
running.idle.waiting                           | phaseDeadline      | retiring
running.idle.waiting                           | retryWait          | watching
running.idle.watching                          | lifetime           | retiring
running.idle.waiting                           | lifetime           | retiring
running.busy.waiting                           | retryWait          | watching
running.busy.watching                          | lifetime           | retiring
running.busy.waiting                           | lifetime           | retiring
running.busy.releasing                         | lifetime           | retiring
running.finishing.watching                     | phaseDeadline      | verifying
running.finishing.waiting                      | phaseDeadline      | verifying
running.finishing.waiting                      | retryWait          | watching
running.finishing.watching                     | lifetime           | retiring
running.finishing.waiting                      | lifetime           | retiring
running.verifying.acting                       | phaseDeadline      | asks
running.verifying.waiting                      | phaseDeadline      | asks
running.verifying.waiting                      | retryWait          | acting
running.verifying.acting                       | lifetime           | retiring
running.verifying.waiting                      | lifetime           | retiring
running.retiring.askingGuest.waiting           | retryWait          | acting
running.retiring.askingGuest.acting            | lifetime           | again
running.retiring.askingGuest.waiting           | lifetime           | acting
running.retiring.askingGuest.askingGitHub      | lifetime           | acting
running.retiring.askingGuest.releasing         | lifetime           | acting
running.retiring.deregistering.waiting         | retryWait          | acting
running.retiring.deregistering.acting          | lifetime           | retiring
running.retiring.deregistering.waiting         | lifetime           | retiring
running.retiring.checkingJob                   | lifetime           | retiring
running.retiring.releasing                     | lifetime           | retiring
running.retiring.settling                      | confirmationWindow | askAgain
running.retiring.settling                      | lifetime           | retiring
running.retiring.askingGuestAgain.waiting      | retryWait          | acting
running.retiring.askingGuestAgain.acting       | lifetime           | retiring
running.retiring.askingGuestAgain.waiting      | lifetime           | retiring
running.retiring.askingGuestAgain.askingGitHub | lifetime           | retiring
running.retiring.askingGuestAgain.releasing    | lifetime           | retiring
`;
