import { writeFileSync } from 'node:fs';
import { counted, span } from '../../format.js';
import type { SimulatedMac } from '../../simulator/agent/simulated-mac.ts';
import { slotsInUse } from '../../simulator/agent/vms/vm-state.ts';
import { withdraw } from '../../simulator/github/jobs/assignment.ts';
import type { Job } from '../../simulator/github/jobs/job.ts';
import { cancelLease } from '../../simulator/github/jobs/job-lease.ts';
import { approveRun } from '../../simulator/github/jobs/runs.ts';
import type { Repository } from '../../simulator/github/repositories.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import { pushExample } from '../simulation/world-config.ts';
import type { DemoControllers } from './controllers/demo-controllers.ts';
import { pushJobs } from './demo-workflow.ts';

/** Jobs of each further push, and the seconds that each of them takes longer. */
const MORE_JOBS = 5;
const MORE_SECONDS = 8;
/** Milliseconds until the agent of a Mac that was made to fail is back. */
const DOWN_MS = 10_000;

/** The keys in one line of at most 78 characters. */
export const KEYS = '[n]ew jobs  [m]ac fails  [c]ancel a job  [k]ill  [r]eload  [a]pprove  [q]uit';

/** What a person can do to a demonstration: a key at a terminal, or a command in another one. */
export class DemoActions {
  readonly #world: SimulatedWorld;
  readonly #repository: Repository;
  readonly #controllers: DemoControllers;
  #isReduced = false;
  /** True until the daemon was killed, as a key asked for. */
  wantsKill = false;
  /** What the last key did, for a person. */
  said = '';

  constructor(world: SimulatedWorld, repository: Repository, controllers: DemoControllers) {
    this.#world = world;
    this.#repository = repository;
    this.#controllers = controllers;
  }

  press(key: string): void {
    this.said = this.#do(key) ?? this.said;
  }

  /** The same actions as commands, for use without a terminal. */
  commands(): string {
    const mac = this.#world.macs[0];
    const jobs = [...this.#world.github.world.jobs.values()];
    const open = jobs.findLast(isOpen)?.run.id ?? 'RUN';
    const waiting = jobs.findLast(({ state }) => state.status === 'waiting')?.run.id ?? 'RUN';
    const { last, areSeveral } = this.#controllers;
    const { pid } = last.process;
    const kill = areSeveral
      ? `kill the active  kill -9 ${pid}    (${last.name}: another one takes over, and it is started again)`
      : `kill the daemon  kill -9 ${pid}    (it is started again)`;
    return `Everything stays up until Ctrl-C. Try, in another terminal:
  push a job       ${pushExample(this.#world.github.url)}
  make a Mac fail  curl ${mac ? controlOf(mac) : ''}/restart -d '{"mode": "crash", "downMs": ${DOWN_MS}}'
  cancel a run     curl -X POST ${this.#world.github.url}/_sim/runs/${open}/cancel
  approve a run    curl -X POST ${this.#world.github.url}/_sim/runs/${waiting}/approve
  ${kill}
  reload a change  kill -HUP ${pid}    (of ${last.config.path})`;
  }

  #do(key: string): string | null {
    switch (key) {
      case 'n':
        pushJobs(this.#world, this.#repository, MORE_JOBS, MORE_SECONDS);
        return `${counted(MORE_JOBS, 'more job was', 'more jobs were')} pushed.`;
      case 'm':
        return this.#failMac();
      case 'c':
        return this.#cancelJob();
      case 'k':
        this.wantsKill = true;
        return this.#controllers.areSeveral
          ? 'The active controller was killed (SIGKILL). Another one takes over when its lease has ended.'
          : 'The daemon was killed (SIGKILL). It starts again and goes on from its store.';
      case 'r':
        return this.#reload();
      case 'a':
        return this.#approve();
      case 'q':
        process.emit('SIGINT', 'SIGINT');
        return null;
      default:
        return null;
    }
  }

  /** The busiest Mac's agent crashes, which takes its VMs with it. */
  #failMac(): string {
    const [name, mac] = this.#world.macs
      .map((one, index) => [`mac-${index + 1}`, one] as const)
      .reduce((busiest, one) => (slotsInUse(one[1].world) > slotsInUse(busiest[1].world) ? one : busiest));
    const vms = slotsInUse(mac.world);
    // The promise rejects only when the demonstration ends before the agent is back.
    mac.restart('crash', DOWN_MS).catch(() => undefined);
    return `The agent of ${name} crashed, with ${vms === 0 ? 'no VM' : counted(vms, 'VM')} on it; it is back in ${span(DOWN_MS)}.`;
  }

  #cancelJob(): string {
    const { world } = this.#world.github;
    const open = [...world.jobs.values()].filter(isOpen);
    const job = open.find(({ state }) => state.status === 'in_progress') ?? open[0];
    if (!job) return 'No job is left to cancel: press n for new ones.';
    const lease = [...world.leases.values()].find((one) => one.job === job);
    if (lease) cancelLease(world, lease);
    else withdraw(world, job);
    return `"${job.spec.name}" was cancelled at GitHub.`;
  }

  /** Takes a Mac out of the config, or a slot where there is one Mac; the next time it is put back. */
  #reload(): string {
    const { hosts } = this.#controllers.last.config.content;
    this.#isReduced = !this.#isReduced;
    const last = hosts.length > 1 ? hosts.at(-1)?.name : undefined;
    for (const { config } of this.#controllers.all) {
      const { path, content } = config;
      const reduced =
        last === undefined
          ? { ...content, controller: { ...content.controller, max_concurrent_vms: 1 } }
          : { ...content, hosts: hosts.slice(0, -1) };
      writeFileSync(path, JSON.stringify(this.#isReduced ? reduced : content, null, 2));
    }
    this.#controllers.reload();
    const what = last ?? 'the second slot of the Mac';
    return this.#isReduced
      ? `${what} left the config, which was reloaded (SIGHUP): it ends its jobs and gets no other. Again: r.`
      : `${what} is in the config again, which was reloaded (SIGHUP).`;
  }

  #approve(): string {
    const { world } = this.#world.github;
    const job = [...world.jobs.values()].find(({ state }) => state.status === 'waiting');
    if (!job) return 'No job waits for approval.';
    approveRun(world, job.run);
    return `"${job.spec.name}" was approved at GitHub.`;
  }
}

const isOpen = ({ state: { status } }: Job) => status === 'in_progress' || status === 'queued';

const controlOf = (mac: SimulatedMac) => mac.url.replace(/\/v1$/, '/_sim');
