import { failureOf } from '../../machines/failure.ts';
import type { RunnerScope } from '../../machines/job/context.ts';
import { withinTimeout } from '../clock.ts';
import {
  type Collection,
  type CollectionStep,
  type Owners,
  planCollection,
  type Sighting,
} from './plan-collection.ts';
import { readReality } from './read-reality.ts';
import { removeStray } from './remove-stray.ts';
import { type RetireOptions, retireStray } from './retire-stray.ts';

export interface OtherControllerOptions extends RetireOptions {
  hosts: readonly string[];
  scopes: readonly RunnerScope[];
}

/** A VM or runner of the controller, and what a removal would do with it. */
export interface Remnant {
  step: CollectionStep;
  /** Epoch ms at which a VM was made, on its host's clock; null for a runner. */
  createdAt: number | null;
}

/** A host or scope that could not be asked, so that what remains there is unknown. */
export interface Unseen {
  where: string;
  why: string;
}

export interface Look {
  remnants: Remnant[];
  unseen: Unseen[];
}

/** The result for a VM or runner that had to be removed; `why` is null when it is gone. */
export interface Removal {
  step: CollectionStep;
  why: string | null;
}

/** Milliseconds for one list, and for one removal: the agent may need two and a half minutes for a delete. */
const LIST_PATIENCE = 10_000;
const REMOVAL_PATIENCE = 180_000;

/** Looks after which nothing more can be found: a runner follows its VM, and is seen twice. */
const LOOKS = 4;

/** No daemon runs with this id, so nothing with its name has an owner. */
const NOBODY: Owners = {
  vmIds: new Set(),
  namesInMaking: new Set(),
  runnerNames: new Set(),
  goneRunners: new Set(),
  keepsBase: () => false,
};

const keyOf = (step: CollectionStep) =>
  step.kind === 'vm' ? `vm ${step.host} ${step.id}` : `runner ${step.scope} ${step.name}`;

/** VMs before runners, each group by place and name. */
const inOrder = (a: CollectionStep, b: CollectionStep) => {
  const of = (step: CollectionStep) =>
    step.kind === 'vm' ? ['0', step.host, step.name] : ['1', step.scope, step.name];
  return of(a).join(' ') < of(b).join(' ') ? -1 : 1;
};

/**
 * What remains of a controller that no longer runs: one with an earlier `controller.id`, or on a host that
 * was removed from the config. The collector's rules for what no record owns decide what is done; only
 * what was shown before is removed.
 */
export class OtherController {
  readonly #options: OtherControllerOptions;
  #sightings: ReadonlyMap<string, Sighting> = new Map();
  #shown: ReadonlyMap<string, CollectionStep> = new Map();

  constructor(options: OtherControllerOptions) {
    this.#options = options;
  }

  /** Lists everything with a name of the controller, and what a removal would do. It changes nothing. */
  async look(): Promise<Look> {
    const { plan, remnants, unseen } = await this.#look();
    const { sightings } = plan(new Map());
    const { steps } = plan(sightings);
    this.#sightings = sightings;
    this.#shown = new Map(steps.map((step) => [keyOf(step), step]));
    return { remnants: remnants(steps.toSorted(inOrder)), unseen };
  }

  /**
   * Removes what the last look showed, unless it came into use since then; VMs that may be working are
   * removed by the protocol of law 5. Reports each thing as soon as it is done, those that remain last. A
   * thing that was not shown remains: it came later, so a daemon with this id may be running.
   */
  async remove(onRemoval: (removal: Removal) => void): Promise<{ removals: Removal[]; unseen: Unseen[] }> {
    const removals = new Map<string, Removal>();
    const note = (removal: Removal) => {
      removals.set(keyOf(removal.step), removal);
      onRemoval(removal);
    };
    let open: CollectionStep[] = [];
    let unseen: Unseen[] = [];
    for (let n = 0; n < LOOKS; n += 1) {
      const now = await this.#look();
      const { steps, sightings } = now.plan(this.#sightings);
      this.#sightings = sightings;
      unseen = now.unseen;
      open = steps.filter((step) => !removals.has(keyOf(step)));
      const shown = open.filter((step) => this.#shown.has(keyOf(step)));
      const due = shown.filter((step) => step.do === 'delete' || step.do === 'adopt');
      if (due.length === 0 && !shown.some((step) => step.do === 'wait')) break;
      await Promise.all(due.map(async (step) => note({ step, why: await this.#tried(step) })));
    }
    for (const step of open) if (!removals.has(keyOf(step))) note({ step, why: this.#whyLeft(step) });
    for (const [key, step] of this.#shown) {
      if (!removals.has(key)) note({ step, why: whyUnknown(step, unseen) });
    }
    return { removals: [...removals.values()], unseen };
  }

  #whyLeft(step: CollectionStep): string {
    if (this.#shown.has(keyOf(step))) return step.why;
    return 'it came after the list was made: check whether a daemon with this id still runs';
  }

  async #tried(step: CollectionStep): Promise<string | null> {
    try {
      if (step.kind === 'vm' && step.do === 'adopt') await retireStray(this.#options, step);
      else await this.#remove(step);
      return null;
    } catch (error) {
      return failureOf(error).message;
    }
  }

  #remove(step: CollectionStep): Promise<void> {
    const { clock, scopes, world } = this.#options;
    return withinTimeout(clock, REMOVAL_PATIENCE, (signal) => removeStray(world, scopes, step, signal));
  }

  async #look() {
    const { clock, hosts, policy, scopes, world } = this.#options;
    const unseen: Unseen[] = [];
    const reality = await readReality({
      world,
      hosts,
      scopes,
      within: (work) => withinTimeout(clock, LIST_PATIENCE, work),
      onUnseen: (what, error) =>
        unseen.push({ where: 'host' in what ? what.host : what.scope, why: failureOf(error).message }),
    });
    const createdAt = new Map(reality.vms.map(({ host, id, createdAt }) => [`${host} ${id}`, createdAt]));
    const remnants = (steps: readonly CollectionStep[]): Remnant[] =>
      steps.map((step) => ({
        step,
        createdAt: step.kind === 'vm' ? (createdAt.get(`${step.host} ${step.id}`) ?? null) : null,
      }));
    const plan = (before: ReadonlyMap<string, Sighting>): Collection =>
      planCollection(policy.namePrefix, reality, NOBODY, before, clock.now());
    return { plan, remnants, unseen };
  }
}

/**
 * A VM or runner that is no longer there counts as removed. Where nothing could be read, it may still be
 * there.
 */
function whyUnknown(step: CollectionStep, unseen: readonly Unseen[]): string | null {
  const where = step.kind === 'vm' ? step.host : step.scope;
  return unseen.find((one) => one.where === where)?.why ?? null;
}
