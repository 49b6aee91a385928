import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import type { RunnerScope } from '../../machines/job/context.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import { type Clock, sleepFor, withinTimeout } from '../clock.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { jobFrom } from '../jobs/new-job.ts';
import { reserveNumbers } from '../jobs/reserve-numbers.ts';
import { Stop } from '../stop.ts';
import type { Store } from '../store/store.ts';
import { identifyStray } from './identify-stray.ts';
import {
  type Collection,
  type CollectionStep,
  isLeftoverGone,
  planCollection,
  type Reality,
  type Sighting,
} from './plan-collection.ts';
import { readReality } from './read-reality.ts';
import { removeStray } from './remove-stray.ts';

export interface CollectorOptions {
  world: EffectWorld;
  actors: JobActors;
  hosts: Hosts;
  store: Store;
  scopes: RunnerScope[];
  /** Repositories that an orphan's job may belong to. */
  repositories: { owner: string; repository: string }[];
  clock: Clock;
  namePrefix: string;
  profileFor(labels: string[]): string | null;
  log: Logger;
  /** Milliseconds between collections. */
  interval: number;
}

/** Milliseconds for one step of a collection. */
const PATIENCE = 30_000;

/** What is collected separately: the VMs of one host, or the runners of all scopes. */
interface Part {
  name: string;
  kind: CollectionStep['kind'];
  look(): Promise<Reality>;
}

/**
 * Finds what a crash, a lost record or an unfinished cleanup left behind. It compares hosts and GitHub with
 * the records and acts only on names that are ours. A VM that may be running a job gets an actor of its own
 * and is never deleted directly. The VMs of each host are collected separately, one at a time, so that a host
 * that hangs does not delay the others. Runners wait until every host has responded, at most half a minute.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #stopped = new Stop();
  readonly #parts: Part[];
  /** What the last collection of each part found without an owner. */
  readonly #sightings = new Map<string, ReadonlyMap<string, Sighting>>();
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(options: CollectorOptions) {
    this.#options = options;
    const hostNames = [...options.hosts.all()].map(({ name }) => name);
    const hosts = hostNames.map(
      (name): Part => ({ name: `the VMs of ${name}`, kind: 'vm', look: () => this.#look([name], []) }),
    );
    this.#parts = [
      ...hosts,
      {
        name: 'runners',
        kind: 'runner',
        look: async () => this.#look(hostNames, await this.#scopes()),
      },
    ];
  }

  /** Collects at once and then at every interval, until stopped. */
  async run(): Promise<void> {
    const { store, clock } = this.#options;
    await Promise.all([
      ...this.#parts.map((part) => this.#repeat(part.name, () => this.#collectPart(part))),
      this.#repeat('the store', () => store.prune(clock.now())),
    ]);
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Returns what a collection would do now, with the reason for each VM and runner. It changes nothing. */
  async plan(): Promise<CollectionStep[]> {
    const plans = this.#parts.map(async (part) => this.#planned(part, await part.look()));
    return (await Promise.all(plans)).flatMap(({ steps }) => steps);
  }

  /** Collects all parts now, and returns what it decided to do. */
  async collect(): Promise<CollectionStep[]> {
    return (await Promise.all(this.#parts.map((part) => this.#collectPart(part)))).flat();
  }

  async #repeat(what: string, work: () => Promise<unknown>): Promise<void> {
    const { clock, interval, log } = this.#options;
    while (!this.#stopped.signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        const failure = failureOf(error);
        log.warn({ failure }, `the collector did not finish (${what}); it tries again: ${failure.message}`);
      }
      await sleepFor(clock, interval, this.#stopped.signal).catch(() => undefined);
    }
  }

  /** One collection of a part at a time: two that overlap would adopt the same VM twice. */
  #collectPart(part: Part): Promise<CollectionStep[]> {
    const before = this.#underWay.get(part.name) ?? Promise.resolve();
    const collected = before.then(() => this.#collect(part));
    this.#underWay.set(
      part.name,
      collected.catch(() => undefined),
    );
    return collected;
  }

  async #collect(part: Part): Promise<CollectionStep[]> {
    const { log, store, world } = this.#options;
    const reality = await part.look();
    const { steps, sightings } = this.#planned(part, reality);
    this.#sightings.set(part.name, sightings);
    const scopes = await this.#scopes();
    for (const { key, leftover } of part.kind === 'runner' ? await store.leftovers.all() : []) {
      if (isLeftoverGone(leftover, reality)) store.leftovers.delete(key);
    }
    for (const step of steps) {
      if (this.#stopped.signal.aborted) break;
      if (step.do === 'wait' || step.do === 'leave') continue;
      try {
        if (step.kind === 'vm' && step.do === 'adopt')
          await this.#within((signal) => this.#adopt(step, signal));
        else await this.#within((signal) => removeStray(world, scopes, step, signal));
        log.warn({ ...step }, `collected ${step.kind} ${step.name} (${step.do}): ${step.why}`);
      } catch (error) {
        log.warn(
          { ...step, err: error },
          `the collector could not remove ${step.kind} ${step.name}; it tries again: ${failureOf(error).message}`,
        );
      }
    }
    return steps;
  }

  #planned({ name, kind }: Part, reality: Reality): Collection {
    const { namePrefix, clock } = this.#options;
    const before = this.#sightings.get(name) ?? new Map();
    const planned = planCollection(namePrefix, reality, this.#owners(), before, clock.now());
    return { ...planned, steps: planned.steps.filter((step) => step.kind === kind) };
  }

  async #look(hosts: readonly string[], scopes: readonly RunnerScope[]): Promise<Reality> {
    const { log, world } = this.#options;
    // A host that a reload removed is gone when nothing of ours is left on it.
    const there = hosts.filter((name) => this.#options.hosts.snapshotOf(name) !== null);
    const reality = await readReality({
      world,
      hosts: there,
      scopes,
      within: (work) => this.#within(work),
      onUnseen: (what, error) => {
        if (!('scope' in what) || this.#stopped.signal.aborted) return;
        const { message } = failureOf(error);
        log.warn(
          `the runners of ${what.scope} could not be listed, so the collector removes none of them now: ${message}`,
        );
      },
    });
    this.#stopped.signal.throwIfAborted();
    return reality;
  }

  /** The scopes of the config, and those in which a runner remains that an earlier config had registered. */
  async #scopes(): Promise<RunnerScope[]> {
    const { scopes, store } = this.#options;
    const all = new Map(scopes.map((scope) => [scopeName(scope), scope]));
    for (const { leftover } of await store.leftovers.all()) {
      if (leftover.runner) all.set(scopeName(leftover.runner.scope), leftover.runner.scope);
    }
    return [...all.values()];
  }

  /** Read after hosts and GitHub, so that nothing that was made in between looks ownerless. */
  #owners() {
    const vmIds = new Set<string>();
    const namesInMaking = new Set<string>();
    const runnerNames = new Set<string>();
    const goneRunners = new Set<string>();
    for (const { snapshot } of this.#options.actors.all()) {
      const { vm, runner } = snapshot.context;
      if (vm?.id) vmIds.add(vm.id);
      else if (vm) namesInMaking.add(vm.name);
      const isGone = snapshot.hasTag('runnerGone');
      if (runner) (isGone ? goneRunners : runnerNames).add(runner.name);
    }
    const { bases } = this.#options.world;
    return {
      vmIds,
      namesInMaking,
      runnerNames,
      goneRunners,
      keepsBase: (vm: { host: string; id: string; name: string }) => bases.keeps(vm.host, vm),
    };
  }

  /**
   * Gives an ownerless VM an actor that begins with the retire protocol; a sign of work makes the actor a
   * busy one.
   */
  async #adopt(step: CollectionStep & { kind: 'vm' }, signal: AbortSignal): Promise<void> {
    const { actors, clock, profileFor, store } = this.#options;
    const named = parseResourceName(this.#options.namePrefix, step.name);
    if (!named) return;
    const seen = await identifyStray(this.#options, step, named, signal);
    const profile = seen.job && profileFor(seen.job.labels);
    // Checked last: during the wait, the job may have got an actor.
    const isFree = actors.holderOfJob(named.jobId) === null && !store.settled.has(named.jobId);
    const job =
      seen.job && profile && isFree
        ? jobFrom(seen.job, profile)
        : placeholder({ name: 'adopted VM', at: clock.now(), ...seen.place });
    store.atomically(() => {
      const numbers = reserveNumbers({ store, actors, clock }, named.jobId, named.number);
      const taken = { next: numbers.first, last: numbers.last };
      actors.send(actors.create(job), seen.adoption(job.profile, taken));
    });
  }

  /** A host or GitHub that hangs must not delay the following work for ever. */
  #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withinTimeout(this.#options.clock, PATIENCE, work, this.#stopped.signal);
  }
}
