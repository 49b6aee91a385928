import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStateNode } from 'xstate';
import { JOB_EVENT_TYPES, type JobEvent } from '../machines/job/events.ts';
import { DEFAULT_POLICY, type JobPolicy } from '../machines/job/policy.ts';
import { allNodes } from '../test/machines/machine-walk.ts';
import { diagramOf } from './machine-diagram.ts';
import { effectMatrix, eventMatrix } from './machine-matrix.ts';
import { ROOTS } from './machine-roots.ts';
import { hasSection, stateSection } from './machine-section.ts';
import { tasksTable } from './machine-tasks.ts';
import { markdownTable, withGeneratedPart } from './markdown.ts';

const FILE = join(import.meta.dirname, 'machines.md');

const { job, host, breaker, webhooks } = ROOTS;

const EVENTS: Record<JobEvent['type'], string> = {
  'slot.granted': 'The scheduler found room on a host.',
  'slot.reclaimed': 'A job of another profile needs the room of a warm VM that has no job yet.',
  'job.started': 'Our job runs on our runner.',
  'job.completed': 'Our job is over, on our runner or on another one.',
  'job.takenElsewhere': "Somebody else's runner has our job.",
  'job.exchanged': 'Two actors swapped their jobs: this one now has the job of the other.',
  'job.released': 'Our job goes on in a new actor; this one keeps the VM.',
  'job.stillQueued': 'A look at GitHub shows that our job is still queued.',
  'job.unservable':
    'The job cannot be served any more: its label or its repository left the config, or the repository is gone.',
  'vm.vanished': 'Two looks at the host in a row do not list our VM any more.',
  'host.lost': 'The host was silent for longer than `timeouts.host_lost`.',
  'host.full': 'The host of our VM is full, and another host has room.',
  'host.drained':
    'The host is drained (by an operator, by a maintenance window, because its agent is in maintenance, or because it left the config): a job that does not run there yet goes on at another host.',
  'operator.cancelled': 'An operator orders that the job is not served here.',
  'operator.retried': 'An operator orders the next try at once.',
  'hold.granted': 'The scheduler lets the VM of a failed attempt or job be held.',
  'hold.ended':
    'The scheduler refuses or ends a hold: a job needs the slot, another VM of the host is held, or the host takes no jobs.',
  'operator.held': 'An operator orders that the VM in which the job fails is held.',
  'operator.released': 'An operator ends the hold, or takes the order back.',
  'operator.forgot': 'An operator ends the record; the collector removes what is left of its VM and runner.',
  'vm.adopted': 'A running VM of ours was found, and no readable record has it.',
};

const TAGS: Record<string, string> = {
  queued: 'It waits for a slot, which is room for one VM on a host.',
  holdsSlot: 'Its VM, or the VM that it creates, takes a slot of the host.',
  takesAnyJob: 'Its VM can serve any queued job of its profile: nothing is bound to one job yet.',
  provisioned: 'Its VM works: its runner is online, or it is a warm VM.',
  atWork: 'A job runs on its runner: our job or another one.',
  mayBeBusy:
    'A job may run in the VM. Only the transitions in the list of a test may lead from here to its deletion.',
  needsAttention: 'Something went wrong that a person may want to know.',
  waiting: 'It waits for an instant, at which it goes on.',
  tearingDown: 'Its VM and its runner are being removed.',
  decided: 'Its attempt is decided: the dispatcher moves the job to a new actor at once.',
  leaving: 'Its VM is to be removed, so it gets no other job.',
  held: 'Its VM is kept for a person, or is about to be: a job that needs the slot ends this.',
  asksToHold: 'The scheduler has to say whether its VM may be held.',
  runnerGone: 'Its runner is removed from GitHub, or is left to the collector.',
  hostFull: 'Its VM waits for room on a full host; the job may go on at another host.',
  acceptsJobs: 'The host gets jobs.',
  answers: 'Its last look succeeded: what it lists is true.',
  proves: 'Only one VM is made on it at a time.',
  refusesChanges: 'Its agent refuses changes: jobs that do not run there yet go on elsewhere.',
  lost: 'The host is lost: its jobs go on without it.',
  trusted: 'Webhooks are relied on, so polling may be slow.',
  passes: 'Attempts begin as usual.',
  refuses: 'No attempt may begin.',
  tries: 'One attempt may begin, as a trial.',
};

/** The config key of each deadline, and where it counts; null if no key sets it. */
const DEADLINES: Record<keyof JobPolicy['timeouts'], [key: string | null, meaning: string]> = {
  creating: ['timeouts.creating', 'In `creating`, from its entry; starts again after `blocked`.'],
  starting: ['timeouts.starting', 'In `starting`, from its entry; starts again after `blocked`.'],
  sshReady: ['timeouts.ssh_ready', 'In `sshReady`, from its entry; starts again after `blocked`.'],
  probing: ['timeouts.probing', 'In `probing`, from its entry; starts again after `blocked`.'],
  warm: ['controller.warm_vm_max_age', 'In `warm`; then the VM is removed, and a new one is made.'],
  jitConfig: ['timeouts.jit_config', 'In `jitConfig`, from its entry; starts again after `blocked`.'],
  runnerOnline: [
    'timeouts.runner_online',
    'In `runnerOnline`; a second runner in the same VM gets the time that is left.',
  ],
  idle: ['controller.vm_idle_timeout', 'In `running.idle`; then the runner is retired.'],
  finishing: ['timeouts.completion_grace', 'In `running.finishing`, and again in `running.verifying`.'],
  retireWindow: ['timeouts.retire_window', 'In `running.retiring.settling`.'],
  settle: [
    'timeouts.create_settle',
    'In `tearingDown`: until then a VM or a runner that was ordered may still appear.',
  ],
  expiryMargin: [null, "In `running`, after the end of the VM's own `lifetime_seconds`."],
  silence: [null, 'In `running.retiring`: a guest that cannot be asked for this long counts as silent.'],
  removal: [
    null,
    'In `tearingDown`: if the removal of a runner fails for this long, the collector takes over.',
  ],
  otherJob: [
    null,
    'In `running.busy`: the least time between the two looks at GitHub that must both show our job queued.',
  ],
};

/** The text of `machines.md` with everything below its marker generated from the machines. */
export function generateMachinesDoc(): string {
  const silent = allNodes(job).flatMap(({ tags }) => tags.filter((tag) => !(tag in TAGS)));
  if (silent.length > 0) throw new Error(`TAGS does not explain these tags: ${silent.join(', ')}`);
  const parts = [
    '## A job',
    job.description ?? '',
    jobOverview(),
    '### What reaches it from outside',
    table('event', EVENTS),
    '### Tags',
    table('tag', TAGS),
    '### Deadlines',
    markdownTable(['default', 'key', 'counts'], Object.entries(DEFAULT_POLICY.timeouts).map(deadlineRow)),
    ...sectionsOf(job, '###'),
    '### Every state and every event from outside',
    'A cell says where the event leads. Several states are in the order in which their questions are asked. `·` means that nothing changes; `stays` means that only what the actor knows changes.',
    eventMatrix(job, JOB_EVENT_TYPES),
    '### Every state and every end of an effect',
    'An effect is work outside the machine, such as `createVm`; its end is an event, too.',
    effectMatrix(job),
    '## A host',
    diagramOf(host),
    ...sectionsOf(host, '###'),
    '## A breaker',
    diagramOf(breaker),
    ...sectionsOf(breaker, '###'),
    '## Webhooks',
    diagramOf(webhooks),
    ...sectionsOf(webhooks, '###'),
  ];
  const page = withGeneratedPart(readFileSync(FILE, 'utf8'), 'the tasks and the machines', tasksTable());
  return withGeneratedPart(page, 'the machines', parts.join('\n\n'));
}

/** Every state of a job and every way between them, without the names of events. */
export function jobOverview(): string {
  return diagramOf(job, { isNamed: false });
}

/** The sections of all states below this one that have a section. */
function sectionsOf(parent: AnyStateNode, heading: string): string[] {
  const states: AnyStateNode[] = Object.values(parent.states);
  return states
    .filter(hasSection)
    .flatMap((state) => [stateSection(state, heading), ...sectionsOf(state, `${heading}#`)]);
}

function deadlineRow([name, milliseconds]: [string, number]): string[] {
  const [key, counts] = DEADLINES[name as keyof JobPolicy['timeouts']];
  const span = milliseconds % 60_000 === 0 ? `${milliseconds / 60_000} min` : `${milliseconds / 1000} s`;
  return [span, key === null ? 'none' : `\`${key}\``, counts];
}

function table(column: string, meanings: Record<string, string>): string {
  const rows = Object.entries(meanings).map(([name, meaning]) => [`\`${name}\``, meaning]);
  return markdownTable([column, 'meaning'], rows);
}
