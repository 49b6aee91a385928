/**
 * What the job machine does, as reviewed data. A cell says where an actor goes:
 *   `·`      it stays, and no effect of the state is stopped
 *   `again`  it stays, and the state's effects start again
 *   a name   it enters that part of the chart (see ENTRIES), also from within that part; in the tables of effects
 *            also a sibling of the state (`waiting`)
 *   `+`      the attempt counts as failed
 * Three names mean the teardown, and say what happens to the job (law 12):
 *   `frees`  it is released at once
 *   `asks`   GitHub is asked for it
 *   `ends`   it needs no further VM
 * The three parts of a teardown are independent: `job-teardown.ts` has their tables.
 */

/** The state that is entered in each part of the chart. */
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
  askLater: 'running.retiring.askingGuest.waiting',
  deregister: 'running.retiring.deregistering.acting',
  checkJob: 'running.retiring.checkingJob',
  settling: 'running.retiring.settling',
  askAgain: 'running.retiring.askingGuestAgain.acting',
  askAgainLater: 'running.retiring.askingGuestAgain.waiting',
};

const provisioning = (...states: string[]) =>
  states.flatMap((state) => [`${state}.acting`, `${state}.waiting`, `${state}.blocked`]);

/** States that handle events from outside alike. */
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
  busy: ['running.busy.watching', 'running.busy.waiting', 'running.busy.releasing'],
  finishing: ['running.finishing.watching', 'running.finishing.waiting'],
  verifying: ['running.verifying.acting', 'running.verifying.waiting'],
  retiring: [
    'running.retiring.askingGuest.acting',
    'running.retiring.askingGuest.waiting',
    'running.retiring.askingGuest.askingGitHub',
    'running.retiring.askingGuest.releasing',
    'running.retiring.deregistering.acting',
    'running.retiring.deregistering.waiting',
    'running.retiring.checkingJob',
    'running.retiring.releasing',
    'running.retiring.settling',
    'running.retiring.askingGuestAgain.acting',
    'running.retiring.askingGuestAgain.waiting',
    'running.retiring.askingGuestAgain.askingGitHub',
    'running.retiring.askingGuestAgain.releasing',
  ],
};

/** State × event from outside, without the teardown. Final states take no event. */
export const EXTERNAL = `
event                      | queued   | before | warm      | config    | online    | idle      | busy      | finishing | verifying | retiring
slot granted               | creating | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
slot reclaimed             | ·        | ·      | ends      | ·         | ·         | ·         | ·         | ·         | ·         | ·
job started                | ·        | ·      | ·         | ·         | busy      | busy      | ·         | ·         | ·         | busy
completed here             | done     | ends   | ends      | ends      | finishing | finishing | finishing | ·         | ends      | finishing
failed here                | done     | ends   | ends      | ends      | finishing | finishing | finishing | ·         | ends      | finishing
completed elsewhere        | done     | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ends      | ·
taken elsewhere            | done     | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ·         | ·
gets a queued job          | ·        | ·      | jitConfig | jitConfig | ·         | ·         | ·         | ·         | asks      | ·
gets one of other scope    | ·        | ·      | jitConfig | jitConfig | ·         | ·         | ·         | ·         | asks      | ·
gets one of other profile  | ·        | frees  | frees     | frees     | retiring  | retiring  | ·         | ·         | asks      | ·
gets one running here      | done     | ends   | ends      | ends      | busy      | busy      | busy      | busy      | verifying | busy
gets one ended here        | done     | ends   | ends      | ends      | finishing | finishing | finishing | finishing | ends      | finishing
gets one running elsewhere | done     | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ends      | ·
gets one ended elsewhere   | done     | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ends      | ·
job released               | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
job still queued           | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
job unservable             | failed   | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ·         | ·
VM vanished                | ·        | frees+ | ends+     | frees+    | asks+     | asks+     | ends+     | ends      | asks      | asks
host lost                  | ·        | frees  | ends      | frees     | retiring  | retiring  | ·         | ·         | ·         | ·
room elsewhere             | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
host drained               | ·        | frees  | ends      | frees     | retiring  | retiring  | ·         | ·         | ·         | ·
cancelled by hand          | failed   | ends   | ends      | ends      | retiring  | retiring  | ·         | ·         | ·         | ·
tried by hand              | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
hold granted               | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
hold ended                 | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
held by hand               | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
released by hand           | ·        | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
forgotten by hand          | failed   | failed | failed    | failed    | failed    | failed    | failed    | failed    | failed    | failed
VM adopted                 | retiring | ·      | ·         | ·         | ·         | ·         | ·         | ·         | ·         | ·
`;

/** Where one state of a column handles an event differently from the others. */
export const APART = `
state                                       | event                   | leads to
starting.blocked                            | room elsewhere          | frees
jitConfig.waiting                           | gets one of other scope | jitConfig
jitConfig.blocked                           | gets one of other scope | jitConfig
running.busy.releasing                      | job released            | busy
running.busy.releasing                      | VM vanished             | asks+
running.retiring.askingGuest.releasing      | job released            | askLater
running.retiring.releasing                  | job released            | settling
running.retiring.askingGuestAgain.releasing | job released            | askAgainLater
`;

/**
 * An actor that waits for its next try tries at once on an operator's order; law 5's confirmation window
 * stays.
 */
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
`;

/** The rows of a table, each as its cells. */
export function rows(table: string): string[][] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));
}
