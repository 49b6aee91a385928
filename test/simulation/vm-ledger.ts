import { parseResourceName } from '../../machines/resource-name.ts';
import type { Vm } from '../../src/simulator/agent/vms/vm.ts';
import { isRegistered, type Runner } from '../../src/simulator/github/runners/runners.ts';
import { LONGEST_PAUSE } from './longest-pause.ts';
import { isOurs, NAME_PREFIX } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

/** A VM of ours as its host and GitHub know it. */
export interface LedgerVm {
  readonly vm: Vm;
  readonly mac: Mac;
  readonly madeAt: number;
  /** The job id in its name; 0 when it was made for no job. */
  readonly jobId: number;
  /** Its deletion was requested. */
  isDoomed: boolean;
  /** The last runner that was launched in it, once GitHub has registered it; null before. */
  runner: Runner | null;
  /** When that runner was launched (epoch ms), and for which job by its record; null before. */
  launched: { at: number; jobId: number } | null;
  /** A runner in it took a job. */
  hadJob: boolean;
}

/** Who got the configuration of a runner, and whether a runner can still be launched with it. */
interface Holder {
  canUse(): boolean;
}

const A_GUEST: Holder = { canUse: () => true };

/** What the ledger watches, and where it reports breaches. */
type LedgerParts = Pick<SimulatedWorld, 'scenario' | 'clock' | 'broken' | 'github' | 'macs' | 'committed'>;

/** VMs that a job may have at once before their pace is limited. */
const UNPACED = 3;
/** What takes a host from its VMs may cost a job one more, which its pace does not count. */
const TAKES_A_HOST = ['drain', 'maintenance', 'hostUnplugged', 'agentQuits', 'agentCrashes', 'macDead'];
const FIRST_PAUSE = 30_000;

/**
 * Every VM of ours that a host made and every runner that GitHub registered, since the world began; the
 * daemon is not asked. A name must never be used for a second thing. What is gone may be made again only if
 * nobody can use it: a VM that never ran, or a runner whose configuration no guest got and whose process died
 * or lost its lease; the next one repeats the request. VMs for one job must come at growing
 * distances, unless they had a job: 30 s, then a minute, two, up to an hour.
 */
export class VmLedger {
  readonly #world: LedgerParts;
  readonly vms: LedgerVm[] = [];
  readonly #runners = new Map<string, Runner>();
  /** By the name of a runner: who has its configuration. */
  readonly #handedOut = new Map<string, Holder>();
  #isRebuilding = false;
  /** Names of VMs whose create arrived when its client was gone. */
  readonly #late = new Set<string>();

  constructor(world: LedgerParts) {
    this.#world = world;
    for (const mac of world.macs.values()) onNew(mac.agent.vms, (vm) => this.#made(mac, vm));
    onNew(world.github.runners, (runner) => this.#registered(runner));
  }

  /**
   * Builds the world before the watch begins. Its VMs first appear under one id and then under their own;
   * neither counts as new.
   */
  async rebuild(world: () => Promise<void>): Promise<void> {
    this.#isRebuilding = true;
    await world();
    this.#isRebuilding = false;
  }

  /** A create of this name came late: it may leave a VM that is never started, beside the one that is. */
  expectLate(name: string): void {
    this.#late.add(name);
  }

  /** The deletion of this VM was requested. */
  doom(vm: Vm): void {
    for (const one of this.vms) if (one.vm === vm) one.isDoomed = true;
  }

  /** A runner was launched in a VM of this name. */
  hasRunner(vmName: string, runnerName: string): void {
    const last = this.vms.findLast(({ vm }) => vm.name === vmName);
    if (!last) return;
    last.runner = this.#runners.get(runnerName) ?? last.runner;
    this.#handedOut.set(runnerName, A_GUEST);
    const { clock, committed } = this.#world;
    const record = committed.jobs().find(({ context }) => context.vm?.name === vmName);
    last.launched = { at: clock.now(), jobId: record?.context.job.id ?? last.jobId };
  }

  /** A runner in a VM of this name took a job. */
  hasJob(vmName: string): void {
    const last = this.vms.findLast(({ vm }) => vm.name === vmName);
    if (last) last.hadJob = true;
  }

  /** GitHub sent the configuration of a runner of this name to a process. */
  handOut(runnerName: string, to: Holder): void {
    this.#handedOut.set(runnerName, to);
  }

  /** VMs that were made for a job, and those of them in which none ran. */
  count(): { vms: number; vmsInVain: number } {
    const forJobs = this.vms.filter(({ jobId }) => jobId > 0);
    return { vms: forJobs.length, vmsInVain: forJobs.filter(({ hadJob }) => !hadJob).length };
  }

  #made(mac: Mac, vm: Vm): void {
    const named = parseResourceName(NAME_PREFIX, vm.name);
    if (!named) return;
    const { broken, clock } = this.#world;
    const earlier = this.vms.findLast((one) => one.vm.name === vm.name);
    if (this.#isRebuilding && earlier) this.vms.splice(this.vms.indexOf(earlier), 1);
    else if (
      earlier &&
      !this.#late.has(vm.name) &&
      (earlier.vm.hasBooted || earlier.mac.agent.vms.has(earlier.vm.id))
    ) {
      broken.note(
        'no name twice',
        `VM ${vm.name} on ${mac.name} bears the name of one on ${earlier.mac.name}`,
      );
    }
    const { jobId } = named;
    const unused = { isDoomed: false, runner: null, launched: null, hadJob: false };
    this.vms.push({ vm, mac, madeAt: clock.now(), jobId, ...unused });
    if (jobId > 0 && !this.#isRebuilding) this.#checkPace(jobId);
  }

  #checkPace(jobId: number): void {
    const { scenario, broken, clock } = this.#world;
    const happenings = [...scenario.incidents, ...scenario.troubles];
    const unpaced = UNPACED + happenings.filter(({ what }) => TAKES_A_HOST.includes(what)).length;
    const inVain = this.vms.filter((one) => one.jobId === jobId && !one.hadJob);
    let earliest = inVain[0]?.madeAt ?? 0;
    for (let pause = 0; pause < inVain.length - unpaced; pause += 1) {
      earliest += Math.min(FIRST_PAUSE * 2 ** pause, LONGEST_PAUSE);
    }
    if (clock.now() < earliest) {
      const seconds = Math.round((clock.now() - (inVain[0]?.madeAt ?? 0)) / 1000);
      broken.note(
        'no boots without end',
        `job ${jobId} got ${inVain.length} VMs in ${seconds} s, all in vain`,
      );
    }
  }

  #registered(runner: Runner): void {
    const { broken, github } = this.#world;
    const { name } = runner;
    if (!isOurs(name)) return;
    const earlier = this.#runners.get(name);
    const isUsable =
      earlier && (!earlier.isJit || this.#handedOut.get(name)?.canUse() || isRegistered(github, earlier));
    if (isUsable && !this.#isRebuilding)
      broken.note('no name twice', `a second runner is registered as ${name}`);
    this.#runners.set(name, runner);
  }
}

/** Calls `tell` with each value that a map gets under a new key. */
function onNew<K, V>(map: Map<K, V>, tell: (value: V) => void): void {
  const set = map.set.bind(map);
  map.set = (key, value) => {
    const isNew = !map.has(key);
    set(key, value);
    if (isNew) tell(value);
    return map;
  };
}
