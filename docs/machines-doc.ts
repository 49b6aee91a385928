import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyStateNode } from 'xstate';
import { createBreakerMachine, DEFAULT_BREAKER_POLICIES } from '../machines/breaker.ts';
import { createHostMachine } from '../machines/host.ts';
import { JOB_EVENT_TYPES, type JobEvent } from '../machines/job/events.ts';
import { DEFAULT_POLICY, type JobPolicy } from '../machines/job/policy.ts';
import { createJobMachine } from '../machines/job.ts';
import { createWebhooksMachine, DEFAULT_WEBHOOKS_POLICY } from '../machines/webhooks.ts';
import { allNodes } from '../test/machines/machine-walk.ts';
import { diagramOf } from './machine-diagram.ts';
import { effectMatrix, eventMatrix } from './machine-matrix.ts';
import { stateSection } from './machine-section.ts';
import { markdownTable, withGeneratedPart } from './markdown.ts';

const FILE = join(import.meta.dirname, 'machines.md');

const now = () => 0;
const job: AnyStateNode = createJobMachine({ policy: DEFAULT_POLICY, now }).root;
const host: AnyStateNode = createHostMachine({ policy: { checkInterval: 0, lostAfter: 0 }, now }).root;
const breaker: AnyStateNode = createBreakerMachine({ policy: DEFAULT_BREAKER_POLICIES.pair, now }).root;
const webhooks: AnyStateNode = createWebhooksMachine({ policy: DEFAULT_WEBHOOKS_POLICY, now }).root;

const EVENTS: Record<JobEvent['type'], string> = {
  'slot.granted': 'The scheduler found room on a host.',
  'slot.reclaimed': 'A job of another profile needs the room of a warm VM that has no job yet.',
  'job.started': 'Our job runs on our runner.',
  'job.completed': 'Our job is over, on our runner or elsewhere.',
  'job.takenElsewhere': "Somebody else's runner has our job.",
  'job.exchanged': "Another actor's job is ours now, and ours is its.",
  'job.released': 'Our job goes on in an actor of its own; this one keeps the VM.',
  'job.stillQueued': 'GitHub, asked for our job, has it queued.',
  'job.unservable':
    'The job cannot be served any more: its label or its repository left the config, or the repository is gone.',
  'vm.vanished': "The host's list does not have our VM any more, in two looks running.",
  'host.lost': 'The host has been silent for longer than it may.',
  'host.full': 'Another host has room for a VM that waits for a full one.',
  'host.drained': 'The host is being emptied: what is not at work there goes on elsewhere.',
  'operator.cancelled': 'An operator does not want the job served here.',
  'operator.retried': 'An operator does not want to wait for the next try.',
  'operator.forgot': 'An operator ends the record; what may be left of its VM and runner is the collector’s.',
  'vm.adopted': 'A running VM of ours without a readable record was found.',
};

const TAGS: Record<string, string> = {
  queued: 'It waits for a slot.',
  holdsSlot: 'Its VM, or the one that it is making, counts against the host.',
  takesAnyJob: 'Nothing in it is bound to its job yet: its VM serves any queued job of its profile.',
  provisioned: 'Its VM got as far as a runner that is online, or stands by for one.',
  atWork: 'A job is at work on its runner, ours or another one.',
  mayBeBusy: 'A job may be at work in the VM: nothing may delete it but by the ways that a test lists.',
  needsAttention: 'Something is in the way that a person may want to know of.',
  waiting: 'It does nothing until an instant.',
  tearingDown: 'What it made is being removed.',
  decided: 'Its attempt is decided: the dispatcher lets the job go on in an actor of its own, at once.',
  leaving: 'Its VM goes, so no other job is given to it.',
  hostFull: 'Its VM waits for room on a full host, and may go on at another one.',
  acceptsJobs: 'The host is given jobs.',
  lost: 'Jobs of the host are decided without it.',
  trusted: 'Polling may go slowly.',
  passes: 'Attempts begin there as usual.',
  refuses: 'Nothing may begin there.',
  tries: 'One attempt may begin there.',
};

/** The config key of each deadline, and where it counts; null for what no key sets. */
const DEADLINES: Record<keyof JobPolicy['timeouts'], [key: string | null, meaning: string]> = {
  creating: ['timeouts.creating', 'In `creating`, from its entry; starts again after `blocked`.'],
  starting: ['timeouts.starting', 'In `starting`, from its entry; starts again after `blocked`.'],
  sshReady: ['timeouts.ssh_ready', 'In `sshReady`, from its entry; starts again after `blocked`.'],
  probing: ['timeouts.probing', 'In `probing`, from its entry; starts again after `blocked`.'],
  warm: ['controller.warm_vm_max_age', 'In `warm`; then the VM is removed, and another one made.'],
  jitConfig: ['timeouts.jit_config', 'In `jitConfig`, from its entry; starts again after `blocked`.'],
  runnerOnline: ['timeouts.runner_online', 'In `runnerOnline`; a second runner in one VM gets what is left.'],
  idle: ['controller.vm_idle_timeout', 'In `running.idle`; then the runner is retired.'],
  finishing: ['timeouts.completion_grace', 'In `running.finishing`, and again in `running.verifying`.'],
  retireWindow: ['timeouts.retire_window', 'In `running.retiring.settling`.'],
  settle: ['timeouts.create_settle', 'In `tearingDown`: until then a VM or a runner may still appear.'],
  expiryMargin: [null, "In `running`, beyond the VM's own `lifetime_seconds`."],
  silence: [null, 'In `running.retiring`: a guest that cannot be asked for so long is silent.'],
  removal: [null, 'In `tearingDown`: a runner whose removal failed for so long is left to the collector.'],
  otherJob: [
    null,
    "In `running.busy`: from GitHub's first word that our job is queued to the one that is believed.",
  ],
};

/** The text of `machines.md` with everything below its marker generated from the machines. */
export function generateMachinesDoc(): string {
  const silent = allNodes(job).flatMap(({ tags }) => tags.filter((tag) => !(tag in TAGS)));
  if (silent.length > 0) throw new Error(`nobody says what these tags mean: ${silent.join(', ')}`);
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
    'Several goals stand in the order in which their questions are asked. `·` changes nothing; `stays` changes what the actor knows.',
    eventMatrix(job, JOB_EVENT_TYPES),
    '### Every state and every end of an effect',
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
  return withGeneratedPart(readFileSync(FILE, 'utf8'), 'the machines', parts.join('\n\n'));
}

/** Every state of a job and every way between them, without the names of events. */
export function jobOverview(): string {
  return diagramOf(job, { isNamed: false });
}

/** A section for each state that has something to say which its parent's does not. */
function sectionsOf(parent: AnyStateNode, heading: string): string[] {
  const isRoot = parent.parent === undefined;
  const states: AnyStateNode[] = Object.values(parent.states);
  return states
    .filter(({ states }) => isRoot || Object.keys(states).length > 0)
    .flatMap((state) => [
      stateSection(state, heading),
      ...(state.type === 'parallel' ? [] : sectionsOf(state, `${heading}#`)),
    ]);
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
