import type { AnyStateNode } from 'xstate';
import type { JobEvent } from '../machines/job/events.ts';
import { allNodes } from '../test/machines/machine-walk.ts';
import { type MachineName, ROOTS } from './machine-roots.ts';
import { hasSection } from './machine-section.ts';
import { pathOfNode, waysOf } from './machine-ways.ts';
import { anchorOf, markdownTable } from './markdown.ts';

/** A state by its path (`host lost`; without a machine's name: of a job), or states that the machines know. */
type Place =
  | string
  /** The state in which this machine begins. */
  | { initialOf: MachineName }
  /** Every state of a job that this event ends. */
  | { endedBy: JobEvent['type'] }
  /** The states to which this event leads a job. */
  | { targetOf: JobEvent['type'] };

interface Task {
  seen: string;
  places: Place[];
  /** What the places alone do not tell. */
  note?: string;
  /** Markdown: where a person reads what to do. */
  act: string;
}

/** What a reader sees, in the reader's words, and the states that explain it, the most likely one first. */
const TASKS: Task[] = [
  {
    seen: 'My job waits and has no VM.',
    places: ['queued', 'breaker open'],
    act: '[Jobs that wait](operations.md#jobs-that-wait)',
  },
  {
    seen: 'The VM of my job is not ready yet.',
    places: ['creating', 'starting', 'sshReady', 'probing'],
    act: '[Troubleshooting](operations.md#troubleshooting), [Deadlines](#deadlines)',
  },
  {
    seen: 'My job waits for a full host or for a rate limit.',
    places: ['creating.blocked', 'starting.blocked', 'jitConfig.blocked'],
    act: '[Troubleshooting](operations.md#troubleshooting)',
  },
  {
    seen: 'The image lacks a tool, or the clock of the guest is wrong.',
    places: ['probing'],
    act: '[Building an image](images.md#what-has-to-be-in-it)',
  },
  {
    seen: 'The runner does not come online.',
    places: ['jitConfig', 'runnerOnline', 'runnerOnline.launching', 'runnerOnline.confirming'],
    act: '[Troubleshooting](operations.md#troubleshooting)',
  },
  {
    seen: 'The runner is online. What happens to it until its VM is gone?',
    places: [
      'running',
      'running.idle',
      'running.busy',
      'running.finishing',
      'running.verifying',
      'tearingDown',
    ],
    act: '[Deadlines](#deadlines)',
  },
  {
    seen: 'GitHub gave my job to another runner, or another job to its runner.',
    places: ['running.busy', 'running.busy.releasing'],
    note: 'The events are `job.exchanged` and `job.takenElsewhere`.',
    act: '[Events](#what-reaches-it-from-outside)',
  },
  {
    seen: 'A VM does not go away.',
    places: [
      'tearingDown.vm',
      'running.retiring',
      'running.retiring.askingGuest',
      'running.retiring.askingGuestAgain',
    ],
    act: '[Troubleshooting](operations.md#troubleshooting)',
  },
  {
    seen: 'A VM is held for a person.',
    places: [
      'tearingDown.vm.askingToHold',
      'tearingDown.vm.unregistering',
      'tearingDown.vm.opening',
      'tearingDown.vm.held',
    ],
    act: '[Look into a failed VM](operations.md#look-into-a-failed-vm)',
  },
  {
    seen: 'A runner stays at GitHub.',
    places: ['tearingDown.runner', 'running.retiring.deregistering'],
    act: '[Garbage collection](operations.md#garbage-collection)',
  },
  {
    seen: 'A VM has no job.',
    places: ['warm', 'running.idle', 'running.retiring'],
    act: '[Warm VMs](operations.md#warm-vms)',
  },
  {
    seen: 'My job is over for the daemon.',
    places: ['done', 'failed'],
    act: '[Failures](failures.md)',
  },
  {
    seen: 'An operator cancels a job.',
    places: [{ endedBy: 'operator.cancelled' }],
    note: 'A running job is not stopped.',
    act: '[Orders](visualizer.md#orders)',
  },
  {
    seen: 'A host does not answer.',
    places: ['host unreachable', 'host missed', 'host lost', { endedBy: 'host.lost' }],
    note: 'A running job is not stopped.',
    act: '[Troubleshooting](operations.md#troubleshooting)',
  },
  {
    seen: 'A host is cordoned: it gets no new job.',
    places: ['queued', 'host healthy'],
    note: 'A cordon is not a state: the host keeps its own, and the jobs wait.',
    act: '[Orders](visualizer.md#orders)',
  },
  {
    seen: 'A host is in maintenance.',
    places: ['host maintenance'],
    note: 'A window of the config is a cordon with an end. This state is for an agent that refuses changes.',
    act: '[Maintenance of a Mac](operations.md#maintenance-of-a-mac)',
  },
  {
    seen: 'A host gets only one VM, although it has two slots.',
    places: ['host proving', 'host answered'],
    act: '[Maintenance of a Mac](operations.md#maintenance-of-a-mac)',
  },
  {
    seen: 'A host is drained: it is cordoned, and its jobs that do not run yet go to other hosts.',
    places: [{ endedBy: 'host.drained' }],
    act: '[Orders](visualizer.md#orders)',
  },
  {
    seen: 'Failures hold back a host, a profile or GitHub.',
    places: ['breaker open', 'breaker halfOpen', 'breaker closed'],
    act: '[Breakers](operations.md#breakers)',
  },
  {
    seen: 'Webhooks do not come, or polling is slow.',
    places: ['webhooks doubted', 'webhooks silent', 'webhooks repairing', 'webhooks trusted'],
    act: '[Webhooks](github.md#webhooks)',
  },
  {
    seen: 'The daemon starts again.',
    places: [
      { initialOf: 'host' },
      { initialOf: 'breaker' },
      { initialOf: 'webhooks' },
      { targetOf: 'vm.adopted' },
    ],
    note: 'A job goes on in the state in which it was stored. Everything else begins in its first state. A running VM whose record cannot be read is asked before it is removed.',
    act: '[The store](operations.md#the-store)',
  },
];

/**
 * Returns the table by which a reader of `machines.md` gets from a task to the states. Throws for a state that is not
 * one.
 */
export function tasksTable(): string {
  const rows = TASKS.map(({ seen, places, note, act }) => {
    const links = [...new Set(places.flatMap(linksTo))].join(', ');
    return [seen, note === undefined ? links : `${links}. ${note}`, act];
  });
  return markdownTable(['what you see', 'states that explain it', 'what you can do'], rows);
}

function linksTo(place: Place): string[] {
  if (typeof place === 'string') {
    const [path = '', machine = 'job'] = place.split(' ').reverse();
    return [linkToState(machine as MachineName, path)];
  }
  if ('initialOf' in place) {
    return (ROOTS[place.initialOf].initial.target ?? []).map(({ key }) => linkToState(place.initialOf, key));
  }
  const event = 'endedBy' in place ? place.endedBy : place.targetOf;
  const nodes = allNodes(ROOTS.job).flatMap((node) => {
    const targets = waysOf(node).flatMap((way) => (way.event === event && way.to !== null ? [way.to] : []));
    return 'endedBy' in place && targets.length > 0 ? [node] : targets;
  });
  if (nodes.length === 0) throw new Error(`no state of a job is left because of ${event}`);
  return nodes.map((node) => linkToState('job', pathOfNode(node)));
}

/**
 * Returns a link to the section of a state, or of the nearest state around it that has one. Throws for a state that is
 * not one.
 */
export function linkToState(machine: MachineName, path: string): string {
  const node = allNodes(ROOTS[machine]).find((one) => one.parent !== undefined && pathOfNode(one) === path);
  if (node === undefined) throw new Error(`the machine ${machine} has no state ${path}`);
  let section: AnyStateNode = node;
  while (section.parent !== undefined && !hasSection(section)) section = section.parent;
  const name = machine === 'job' ? '' : `${machine} `;
  return `${name}[\`${path}\`](#${anchorOf(pathOfNode(section))})`;
}
