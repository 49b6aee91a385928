import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import type { RunnerScope } from '../../machines/job/context.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import { type Clock, sleepFor, startTimeout } from '../clock.ts';
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
  log: Logger;
  namePrefix: string;
  profileFor(labels: string[]): string | null;
  /** Milliseconds between collections. */
  interval: number;
}

/** Milliseconds for one step of a collection. */
const PATIENCE = 30_000;

/**
 * Finds what a crash, a lost record or half a cleanup left behind. It compares reality with the records and acts
 * on names that are ours only; what may be working goes through an actor of its own, never straight to deletion.
 */
export class Collector {
  readonly #options: CollectorOptions;
  readonly #stopped = new Stop();
  #sightings: ReadonlyMap<string, Sighting> = new Map();
  #collecting: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Collects at once and then at every interval, until stopped. */
  async run(): Promise<void> {
    const { clock, interval, log, store } = this.#options;
    while (!this.#stopped.signal.aborted) {
      try {
        await this.collect();
        await store.prune(clock.now());
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        const failure = failureOf(error);
        log.warn({ failure }, `a collection was not finished; the next one starts anew: ${failure.message}`);
      }
      await sleepFor(clock, interval, this.#stopped.signal).catch(() => undefined);
    }
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** What a collection would do now, with the reason for each thing; changes nothing. */
  async plan(): Promise<Collection> {
    const reality = await this.#look();
    const { namePrefix, clock } = this.#options;
    return planCollection(namePrefix, reality, this.#owners(), this.#sightings, clock.now());
  }

  /** One at a time: two that overlap would adopt the same VM twice. */
  collect(): Promise<CollectionStep[]> {
    const collected = this.#collecting.then(() => this.#collect());
    this.#collecting = collected.catch(() => undefined);
    return collected;
  }

  async #collect(): Promise<CollectionStep[]> {
    const reality = await this.#look();
    const { namePrefix, clock, log, store, world } = this.#options;
    const { steps, sightings } = planCollection(
      namePrefix,
      reality,
      this.#owners(),
      this.#sightings,
      clock.now(),
    );
    this.#sightings = sightings;
    const scopes = await this.#scopes();
    for (const { key, leftover } of await store.leftovers.all()) {
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
        log.warn({ ...step, err: error }, `could not collect ${step.kind} ${step.name}; it is tried again`);
      }
    }
    return steps;
  }

  async #look(): Promise<Reality> {
    const { hosts, log, world } = this.#options;
    const reality = await readReality({
      world,
      hosts: [...hosts.all()].map(({ name }) => name),
      scopes: await this.#scopes(),
      within: (work) => this.#within(work),
      onUnseen: (what, error) => {
        if (!('scope' in what) || this.#stopped.signal.aborted) return;
        const { message } = failureOf(error);
        log.warn(`the runners of ${what.scope} are unknown, so none is collected now: ${message}`);
      },
    });
    this.#stopped.signal.throwIfAborted();
    return reality;
  }

  /** Those of the config, and where a runner was left that an earlier config had registered. */
  async #scopes(): Promise<RunnerScope[]> {
    const { scopes, store } = this.#options;
    const all = new Map(scopes.map((scope) => [scopeName(scope), scope]));
    for (const { leftover } of await store.leftovers.all()) {
      if (leftover.runner) all.set(scopeName(leftover.runner.scope), leftover.runner.scope);
    }
    return [...all.values()];
  }

  /** Read after reality, so that nothing which came into being in between looks ownerless. */
  #owners() {
    const vmIds = new Set<string>();
    const namesInMaking = new Set<string>();
    const runnerNames = new Set<string>();
    for (const { snapshot } of this.#options.actors.all()) {
      const { vm, runner } = snapshot.context;
      if (vm?.id) vmIds.add(vm.id);
      else if (vm) namesInMaking.add(vm.name);
      if (runner) runnerNames.add(runner.name);
    }
    const { bases } = this.#options.world;
    return {
      vmIds,
      namesInMaking,
      runnerNames,
      keepsBase: (vm: { host: string; id: string; name: string }) => bases.keeps(vm.host, vm),
    };
  }

  /** Gives an ownerless VM an actor that begins with the retire protocol; a sign of work makes it a busy one. */
  async #adopt(step: CollectionStep & { kind: 'vm' }, signal: AbortSignal): Promise<void> {
    const { actors, profileFor, store } = this.#options;
    const named = parseResourceName(this.#options.namePrefix, step.name);
    if (!named) return;
    const seen = await identifyStray(this.#options, step, named, signal);
    const profile = seen.job && profileFor(seen.job.labels);
    // Asked last: while we waited, the job may have got an actor.
    const isFree = actors.holderOfJob(named.jobId) === null && !store.settled.has(named.jobId);
    const at = this.#options.clock.now();
    const job =
      seen.job && profile && isFree
        ? jobFrom(seen.job, profile)
        : placeholder({ name: 'adopted VM', at, ...seen.place });
    store.atomically(() => {
      const numbers = reserveNumbers(
        { store, actors, clock: this.#options.clock },
        named.jobId,
        named.number,
      );
      const taken = { next: numbers.first, last: numbers.last };
      actors.send(actors.create(job), seen.adoption(job.profile, taken));
    });
  }

  /** A host or GitHub that hangs must not hold up the collection of the others. */
  async #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = startTimeout(this.#options.clock, PATIENCE, this.#stopped.signal);
    try {
      return await work(timeout.signal);
    } finally {
      timeout.end();
    }
  }
}
