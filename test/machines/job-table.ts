/**
 * What the job machine does, as reviewed data. Cells say where an actor goes:
 *   `·`      stays, and no effect of the state is disturbed
 *   `again`  stays, and the state's effects start anew
 *   a name   enters that part of the chart (see ENTRIES), also when it comes from within it; in the tables of
 *            effects also a sibling of the state (`waiting`)
 *   `+`      the attempt counts as failed
 */

/** Where one arrives in a part of the chart. */
export const ENTRIES: Record<string, string> = {
  creating: 'creating.acting',
  starting: 'starting.acting',
  sshReady: 'sshReady.acting',
  probing: 'probing.acting',
  jitConfig: 'jitConfig.acting',
  launching: 'runnerOnline.launching.acting',
  confirming: 'runnerOnline.confirming.acting',
  idle: 'running.idle.watching',
  busy: 'running.busy.watching',
  finishing: 'running.finishing.watching',
  verifying: 'running.verifying.acting',
  retiring: 'running.retiring.askingGuest.acting',
  deregister: 'running.retiring.deregistering.acting',
  settling: 'running.retiring.settling',
  askAgain: 'running.retiring.askingGuestAgain.acting',
};

const provisioning = (...states: string[]) =>
  states.flatMap((state) => [`${state}.acting`, `${state}.waiting`, `${state}.blocked`]);

/** States that answer the outer world alike. */
export const COLUMNS: Record<string, string[]> = {
  queued: ['queued'],
  before: [
    ...provisioning('creating', 'starting', 'sshReady', 'probing'),
    'jitConfig.waiting',
    'jitConfig.blocked',
  ],
  warm: ['warm'],
  config: ['jitConfig.acting'],
  online: [
    'runnerOnline.launching.acting',
    'runnerOnline.launching.waiting',
    'runnerOnline.confirming.acting',
    'runnerOnline.confirming.waiting',
  ],
  idle: ['running.idle.watching', 'running.idle.waiting'],
  busy: ['running.busy.watching', 'running.busy.waiting'],
  finishing: ['running.finishing.watching', 'running.finishing.waiting'],
  verifying: ['running.verifying.acting', 'running.verifying.waiting'],
  retiring: [
    'running.retiring.askingGuest.acting',
    'running.retiring.askingGuest.waiting',
    'running.retiring.deregistering.acting',
    'running.retiring.deregistering.waiting',
    'running.retiring.settling',
    'running.retiring.askingGuestAgain.acting',
    'running.retiring.askingGuestAgain.waiting',
  ],
  teardown: [
    'tearingDown vm.acting runner.acting',
    'tearingDown vm.acting runner.waiting',
    'tearingDown vm.acting runner.gone',
    'tearingDown vm.waiting runner.acting',
    'tearingDown vm.waiting runner.waiting',
    'tearingDown vm.waiting runner.gone',
    'tearingDown vm.gone runner.acting',
    'tearingDown vm.gone runner.waiting',
  ],
};

/** State × event from outside. Final states take no event any more. */
export const EXTERNAL = `
event                      | queued   | before    | warm      | config    | online    | idle      | busy      | finishing | verifying | retiring  | teardown
slot granted               | creating | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
slot reclaimed             | ·        | ·         | teardown  | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
job started                | ·        | ·         | ·         | ·         | busy      | busy      | ·         | ·         | ·         | busy      | ·
completed here             | done     | teardown  | teardown  | teardown  | finishing | finishing | finishing | ·         | teardown  | finishing | ·
completed elsewhere        | done     | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | teardown  | ·         | ·
taken elsewhere            | done     | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | ·         | ·         | ·
gets a queued job          | ·        | ·         | jitConfig | jitConfig | ·         | ·         | ·         | ·         | teardown  | ·         | ·
gets one of other profile  | ·        | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | teardown  | ·         | ·
gets one running here      | done     | teardown  | teardown  | teardown  | busy      | busy      | busy      | busy      | verifying | busy      | ·
gets one ended here        | done     | teardown  | teardown  | teardown  | finishing | finishing | finishing | finishing | teardown  | finishing | ·
gets one running elsewhere | done     | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | teardown  | ·         | ·
gets one ended elsewhere   | done     | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | teardown  | ·         | ·
job released               | ·        | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
VM vanished                | ·        | teardown+ | teardown+ | teardown+ | teardown+ | teardown+ | teardown+ | teardown  | teardown  | teardown  | ·
host lost                  | ·        | teardown  | teardown  | teardown  | ·         | ·         | ·         | ·         | ·         | ·         | ·
host drained               | ·        | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | ·         | ·         | ·
cancelled by hand          | failed   | teardown  | teardown  | teardown  | retiring  | retiring  | ·         | ·         | ·         | ·         | ·
tried by hand              | ·        | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
VM adopted                 | retiring | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
`;

/** Whoever waits for its next try tries at once when an operator says so; the confirmation window of law 5 stays. */
export const TRIED_BY_HAND = `
state                                     | leads to
creating.waiting                          | creating
creating.blocked                          | creating
starting.waiting                          | starting
starting.blocked                          | starting
sshReady.waiting                          | sshReady
sshReady.blocked                          | sshReady
probing.waiting                           | probing
probing.blocked                           | probing
jitConfig.waiting                         | jitConfig
jitConfig.blocked                         | jitConfig
runnerOnline.launching.waiting            | launching
runnerOnline.confirming.waiting           | confirming
running.idle.waiting                      | idle
running.busy.waiting                      | busy
running.finishing.waiting                 | finishing
running.verifying.waiting                 | verifying
running.retiring.askingGuest.waiting      | retiring
running.retiring.deregistering.waiting    | deregister
running.retiring.askingGuestAgain.waiting | askAgain
tearingDown vm.acting runner.waiting      | tearingDown vm.acting runner.acting
tearingDown vm.waiting runner.acting      | tearingDown vm.acting runner.acting
tearingDown vm.waiting runner.waiting     | tearingDown vm.acting runner.acting
tearingDown vm.waiting runner.gone        | tearingDown vm.acting runner.gone
tearingDown vm.gone runner.waiting        | tearingDown vm.gone runner.acting
`;

/** The answers of effects. `waitUntil` is in WAITS. */
export const DONE = `
state                                    | effect             | answer               | leads to
creating.acting                          | createVm           | made                 | starting
starting.acting                          | startVm            | with a lifetime      | sshReady
starting.acting                          | startVm            | without a lifetime   | sshReady
sshReady.acting                          | connectGuest       | logged in            | probing
probing.acting                           | probeGuest         | all found            | jitConfig
jitConfig.acting                         | obtainRunnerConfig | jit                  | launching
jitConfig.acting                         | obtainRunnerConfig | token                | launching
runnerOnline.launching.acting            | launchRunner       | launched             | confirming
runnerOnline.confirming.acting           | confirmOnline      | online               | idle
running.idle.watching                    | watchRunner        | took a job           | busy
running.idle.watching                    | watchRunner        | exited after a job   | verifying
running.idle.watching                    | watchRunner        | exited without a job | verifying+
running.idle.watching                    | watchRunner        | VM vanished          | teardown+
running.busy.watching                    | watchRunner        | took a job           | again
running.busy.watching                    | watchRunner        | exited after a job   | verifying
running.busy.watching                    | watchRunner        | exited without a job | verifying
running.busy.watching                    | watchRunner        | VM vanished          | teardown+
running.finishing.watching               | watchRunner        | took a job           | again
running.finishing.watching               | watchRunner        | exited after a job   | teardown
running.finishing.watching               | watchRunner        | exited without a job | teardown
running.finishing.watching               | watchRunner        | VM vanished          | teardown
running.verifying.acting                 | recheckJob         | queued               | teardown
running.verifying.acting                 | recheckJob         | running elsewhere    | teardown
running.verifying.acting                 | recheckJob         | completed            | teardown
running.retiring.askingGuest.acting      | askGuest           | working              | busy
running.retiring.askingGuest.acting      | askGuest           | not working          | deregister
running.retiring.askingGuest.acting      | askGuest           | VM vanished          | teardown
running.retiring.deregistering.acting    | deregisterRunner   | removed              | settling
running.retiring.deregistering.acting    | deregisterRunner   | refused as busy      | busy
running.retiring.askingGuestAgain.acting | askGuest           | working              | busy
running.retiring.askingGuestAgain.acting | askGuest           | not working          | teardown
running.retiring.askingGuestAgain.acting | askGuest           | VM vanished          | teardown
tearingDown vm.acting runner.acting      | deleteVm           | gone                 | tearingDown vm.gone runner.acting
tearingDown vm.acting runner.acting      | removeRunner       | gone                 | tearingDown vm.acting runner.gone
tearingDown vm.acting runner.waiting     | deleteVm           | gone                 | tearingDown vm.gone runner.waiting
tearingDown vm.acting runner.gone        | deleteVm           | gone                 | queued
tearingDown vm.waiting runner.acting     | removeRunner       | gone                 | tearingDown vm.waiting runner.gone
tearingDown vm.gone runner.acting        | removeRunner       | gone                 | queued
`;

/** Rejections by what their code asks for; a code with a meaning of its own in a state stands in OWN_WAY. */
export const REJECTED = `
state                                    | effect             | retry    | blocked  | giveUp
creating.acting                          | createVm           | waiting  | blocked  | teardown+
starting.acting                          | startVm            | waiting  | blocked  | teardown+
sshReady.acting                          | connectGuest       | waiting  | blocked  | teardown+
probing.acting                           | probeGuest         | waiting  | blocked  | teardown+
jitConfig.acting                         | obtainRunnerConfig | waiting  | blocked  | teardown+
runnerOnline.launching.acting            | launchRunner       | waiting  | waiting  | retiring+
runnerOnline.confirming.acting           | confirmOnline      | waiting  | waiting  | retiring+
running.idle.watching                    | watchRunner        | waiting  | waiting  | waiting
running.busy.watching                    | watchRunner        | waiting  | waiting  | waiting
running.finishing.watching               | watchRunner        | waiting  | waiting  | waiting
running.verifying.acting                 | recheckJob         | waiting  | waiting  | waiting
running.retiring.askingGuest.acting      | askGuest           | waiting  | waiting  | waiting
running.retiring.deregistering.acting    | deregisterRunner   | waiting  | waiting  | waiting
running.retiring.askingGuestAgain.acting | askGuest           | waiting  | waiting  | waiting
tearingDown vm.acting runner.acting      | deleteVm           | tearingDown vm.waiting runner.acting  | tearingDown vm.waiting runner.acting  | tearingDown vm.waiting runner.acting
tearingDown vm.acting runner.acting      | removeRunner       | tearingDown vm.acting runner.waiting  | tearingDown vm.acting runner.waiting  | tearingDown vm.acting runner.waiting
tearingDown vm.acting runner.waiting     | deleteVm           | tearingDown vm.waiting runner.waiting | tearingDown vm.waiting runner.waiting | tearingDown vm.waiting runner.waiting
tearingDown vm.acting runner.gone        | deleteVm           | tearingDown vm.waiting runner.gone    | tearingDown vm.waiting runner.gone    | tearingDown vm.waiting runner.gone
tearingDown vm.waiting runner.acting     | removeRunner       | tearingDown vm.waiting runner.waiting | tearingDown vm.waiting runner.waiting | tearingDown vm.waiting runner.waiting
tearingDown vm.gone runner.acting        | removeRunner       | tearingDown vm.gone runner.waiting    | tearingDown vm.gone runner.waiting    | tearingDown vm.gone runner.waiting
`;

/** Codes that mean more than their disposition: a spent name, a lost secret, a runner known to have ended. */
export const OWN_WAY = `
state                          | effect             | code                        | leads to
creating.acting                | createVm           | VM_NAME_TAKEN               | waiting
jitConfig.acting               | obtainRunnerConfig | RUNNER_NAME_TAKEN           | waiting
runnerOnline.launching.acting  | launchRunner       | RUNNER_CONFIG_LOST          | jitConfig
runnerOnline.launching.acting  | launchRunner       | RUNNER_EXITED               | teardown+
runnerOnline.launching.acting  | launchRunner       | RUNNER_DEPRECATED           | teardown+
runnerOnline.launching.acting  | launchRunner       | RUNNER_CONFIGURATION_FAILED | teardown+
runnerOnline.launching.acting  | launchRunner       | VM_VANISHED                 | teardown+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_EXITED               | teardown+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_DEPRECATED           | teardown+
runnerOnline.confirming.acting | confirmOnline      | RUNNER_CONFIGURATION_FAILED | teardown+
runnerOnline.confirming.acting | confirmOnline      | VM_VANISHED                 | teardown+
`;

/** The instants that a state waits for, and what follows; a wait that fails leads where its end leads. */
export const WAITS = `
states                                    | wait               | leads to
creating.acting                           | phaseDeadline      | teardown+
creating.waiting                          | phaseDeadline      | teardown+
creating.waiting                          | retryWait          | acting
creating.blocked                          | blockedWait        | acting
starting.acting                           | phaseDeadline      | teardown+
starting.waiting                          | phaseDeadline      | teardown+
starting.waiting                          | retryWait          | acting
starting.blocked                          | blockedWait        | acting
sshReady.acting                           | phaseDeadline      | teardown+
sshReady.waiting                          | phaseDeadline      | teardown+
sshReady.waiting                          | retryWait          | acting
sshReady.blocked                          | blockedWait        | acting
probing.acting                            | phaseDeadline      | teardown+
probing.waiting                           | phaseDeadline      | teardown+
probing.waiting                           | retryWait          | acting
probing.blocked                           | blockedWait        | acting
warm                                      | phaseDeadline      | teardown
jitConfig.acting                          | phaseDeadline      | teardown+
jitConfig.waiting                         | phaseDeadline      | teardown+
jitConfig.waiting                         | retryWait          | acting
jitConfig.blocked                         | blockedWait        | acting
runnerOnline.launching.acting             | phaseDeadline      | retiring+
runnerOnline.launching.waiting            | phaseDeadline      | retiring+
runnerOnline.launching.waiting            | retryWait          | acting
runnerOnline.confirming.acting            | phaseDeadline      | retiring+
runnerOnline.confirming.waiting           | phaseDeadline      | retiring+
runnerOnline.confirming.waiting           | retryWait          | acting
running.idle.watching                     | phaseDeadline      | retiring+
running.idle.waiting                      | phaseDeadline      | retiring+
running.idle.waiting                      | retryWait          | watching
running.idle.watching                     | lifetime           | teardown+
running.idle.waiting                      | lifetime           | teardown+
running.busy.waiting                      | retryWait          | watching
running.busy.watching                     | lifetime           | teardown+
running.busy.waiting                      | lifetime           | teardown+
running.finishing.watching                | phaseDeadline      | teardown
running.finishing.waiting                 | phaseDeadline      | teardown
running.finishing.waiting                 | retryWait          | watching
running.finishing.watching                | lifetime           | teardown+
running.finishing.waiting                 | lifetime           | teardown+
running.verifying.acting                  | phaseDeadline      | teardown
running.verifying.waiting                 | phaseDeadline      | teardown
running.verifying.waiting                 | retryWait          | acting
running.verifying.acting                  | lifetime           | teardown+
running.verifying.waiting                 | lifetime           | teardown+
running.retiring.askingGuest.waiting      | retryWait          | acting
running.retiring.askingGuest.acting       | lifetime           | teardown+
running.retiring.askingGuest.waiting      | lifetime           | teardown+
running.retiring.deregistering.waiting    | retryWait          | acting
running.retiring.deregistering.acting     | lifetime           | teardown+
running.retiring.deregistering.waiting    | lifetime           | teardown+
running.retiring.settling                 | confirmationWindow | askAgain
running.retiring.settling                 | lifetime           | teardown+
running.retiring.askingGuestAgain.waiting | retryWait          | acting
running.retiring.askingGuestAgain.acting  | lifetime           | teardown+
running.retiring.askingGuestAgain.waiting | lifetime           | teardown+
tearingDown vm.acting runner.waiting      | runnerRetryWait    | tearingDown vm.acting runner.acting
tearingDown vm.waiting runner.acting      | vmRetryWait        | tearingDown vm.acting runner.acting
tearingDown vm.waiting runner.waiting     | vmRetryWait        | tearingDown vm.acting runner.waiting
tearingDown vm.waiting runner.waiting     | runnerRetryWait    | tearingDown vm.waiting runner.acting
tearingDown vm.waiting runner.gone        | vmRetryWait        | tearingDown vm.acting runner.gone
tearingDown vm.gone runner.waiting        | runnerRetryWait    | tearingDown vm.gone runner.acting
`;

/** The rows of a table, each as its cells. */
export function rows(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));
}
