import type { Logger } from 'pino';
import { failureOf } from '../../machines/failure.ts';
import type { RunnerScope } from '../../machines/job/context.ts';
import { NO_JOB, type Runner, type Vm } from '../../machines/job/context.ts';
import { placeholder } from '../../machines/job/placeholder.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import { type Clock, sleepFor, startTimeout } from '../clock.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { forwardedAddress } from '../effects/guest/forwarded-address.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { jobFrom } from '../jobs/new-job.ts';
import { reserveNumbers } from '../jobs/reserve-numbers.ts';
import type { Store } from '../store/store.ts';
import {
  type Collection,
  type CollectionStep,
  isLeftoverGone,
  planCollection,
  type Reality,
  type Sighting,
} from './plan-collection.ts';
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
  readonly #stopped = new AbortController();
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
    for (const { key, leftover } of await store.leftovers.all()) {
      if (isLeftoverGone(leftover, reality)) store.leftovers.delete(key);
    }
    const scopes = await this.#scopes();
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
    const reality: Reality = { vms: [], runners: [], unseenHosts: [], unseenScopes: [] };
    for (const { name } of hosts.all()) {
      try {
        const vms = await this.#within((signal) => world.agent(name).listVms({ signal }));
        reality.vms.push(
          ...vms.map(({ id, name: vm, state, expiresAt }) => ({
            host: name,
            id,
            name: vm,
            state,
            expiresAt,
          })),
        );
      } catch {
        reality.unseenHosts.push(name);
      }
    }
    for (const scope of await this.#scopes()) {
      try {
        const runners = await this.#within((signal) =>
          world.github.listRunners(scope, { signal, purpose: 'rechecks' }),
        );
        reality.runners.push(
          ...runners.map(({ id, name, status, busy }) => ({
            scope: scopeName(scope),
            id,
            name,
            online: status === 'online',
            busy,
          })),
        );
      } catch (error) {
        if (this.#stopped.signal.aborted) throw error;
        const { message } = failureOf(error);
        reality.unseenScopes.push(scopeName(scope));
        log.warn(`the runners of ${scopeName(scope)} are unknown, so none is collected now: ${message}`);
      }
    }
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
    const { actors, profileFor, store, world } = this.#options;
    const named = parseResourceName(this.#options.namePrefix, step.name);
    if (!named) return;
    const address = await forwardedAddress(world, step.host, step.id, signal);
    const details = await world.agent(step.host).getVm(step.id, { signal });
    const seen = await this.#jobOf(named.jobId, signal);
    const place = seen ?? (await this.#placeOf(step.name, signal));
    const profile = seen && profileFor(seen.labels);
    // Asked last: while we waited, the job may have got an actor.
    const isFree = actors.holderOfJob(named.jobId) === null && !store.settled.has(named.jobId);
    const at = this.#options.clock.now();
    const job =
      seen && profile && isFree ? jobFrom(seen, profile) : placeholder({ name: 'adopted VM', at, ...place });
    const ran = seen?.runnerName ?? step.name;
    const name = parseResourceName(this.#options.namePrefix, ran) ? ran : step.name;
    const scope = this.#options.scopes.find(
      (one) => one.kind === 'organization' || one.repository === job.repository,
    );
    const runner: Runner = {
      name,
      scope: scope ?? { kind: 'repository', owner: job.owner, repository: job.repository },
      id: null,
      mode: null,
      mayAppearUntil: 0,
      isLeft: false,
    };
    store.atomically(() => {
      const numbers = reserveNumbers(
        { store, actors, clock: this.#options.clock },
        named.jobId,
        named.number,
      );
      const vm: Vm = {
        name: step.name,
        host: step.host,
        profile: job.profile,
        madeFor: { jobId: named.jobId, attempt: 1 },
        numbers: { next: numbers.first, last: numbers.last },
        id: step.id,
        address,
        hostKey: null,
        runnerVersion: null,
        expiresAt: details?.expiresAt ?? null,
        mayAppearUntil: 0,
      };
      actors.send(actors.create(job), { type: 'vm.adopted', vm, runner });
    });
  }

  async #jobOf(jobId: number, signal: AbortSignal) {
    const { repositories, world } = this.#options;
    if (jobId === NO_JOB) return null;
    for (const { owner, repository } of repositories) {
      const job = await world.github.getJob(owner, repository, jobId, { signal });
      if (job) return job;
    }
    return null;
  }

  /** Where the runner in a VM is registered, since only there it can be taken off the list. */
  async #placeOf(runnerName: string, signal: AbortSignal): Promise<{ owner: string; repository: string }> {
    const { repositories, scopes, world } = this.#options;
    for (const scope of scopes) {
      if (scope.kind === 'organization') return { owner: scope.owner, repository: '' };
      if (await world.github.findRunner(scope, runnerName, { signal })) return scope;
    }
    return repositories[0] ?? { owner: '', repository: '' };
  }

  /** A host or GitHub that hangs must not hold up the collection of the others. */
  async #within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const timeout = startTimeout(this.#options.clock, PATIENCE);
    try {
      return await work(AbortSignal.any([this.#stopped.signal, timeout.signal]));
    } finally {
      timeout.end();
    }
  }
}
