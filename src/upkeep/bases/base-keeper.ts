import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { failureOf } from '../../../machines/failure.ts';
import { pauseAfter } from '../../../machines/pause.ts';
import { baseName, unfinishedBaseName } from '../../../machines/resource-name.ts';
import type { AgentClient } from '../../agent/agent-client.ts';
import { pullImage } from '../../agent/pull-image.ts';
import { sizeVm } from '../../agent/size-vm.ts';
import { type Clock, sleepFor } from '../../clock.ts';
import type { Profile } from '../../config/profile.ts';
import { DaemonError } from '../../errors.ts';
import { Stop } from '../../stop.ts';
import type { BaseVm, BaseVms } from './base-vms.ts';
import { type BasePlan, planBases } from './plan-bases.ts';

export interface BaseKeeperOptions {
  /** The part of the effects' world that the keeper uses. */
  world: {
    agent(host: string): AgentClient;
    /** Throws PROFILE_UNKNOWN. */
    profile(label: string): Profile;
    bases: BaseVms;
    /** Milliseconds for one pull. */
    pullTimeout: number;
    progress(vmName: string, text: string | null): void;
  };
  hosts: string[];
  profiles: string[];
  namePrefix: string;
  clock: Clock;
  log: Logger;
  /** Milliseconds between two checks of a host; each asks the registry which digest a tag has now. */
  interval: number;
  /** A cordoned host gets no new VMs. */
  isCordoned(host: string): boolean;
}

/** Longest pause after failures in a row, in milliseconds. */
const LONGEST_PAUSE = 10 * 60_000;

/**
 * Keeps one stopped VM of each profile on each host, from which VMs for jobs are cloned. Jobs never wait for
 * it: when no base is ready, a job's VM is made from its image.
 *
 * No record is written ahead (law 1): the names on the host itself are the record. A base is made under a
 * name that says "unfinished" and that was never used before. It gets its plain name when it is complete and
 * known to contain what that name says. So whatever a crash, a lost response or a moved tag leaves behind is
 * unfinished to everyone who lists the host, and the collector deletes it. This keeper deletes nothing.
 */
export class BaseKeeper {
  readonly #options: BaseKeeperOptions;
  readonly #stopped = new Stop();
  /** The digest of the last pull of an image, by host and reference. */
  readonly #digests = new Map<string, string>();
  /** Failures in a row, by host and the step that failed. */
  readonly #failures = new Map<string, { count: number; retryAt: number; message: string }>();
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(options: BaseKeeperOptions) {
    this.#options = options;
  }

  /**
   * Checks every host at once and then at each interval, until stopped. A host that hangs does not delay the
   * others.
   */
  start(): void {
    const { hosts, profiles, interval, clock } = this.#options;
    const { signal } = this.#stopped;
    const keep = async (host: string) => {
      while (!signal.aborted) {
        await this.#attempt(host, profiles, 'host', () => this.#check(host));
        await sleepFor(clock, interval, signal).catch(() => undefined);
      }
    };
    this.#keeping = Promise.all(hosts.map(keep));
  }

  /** Resolves when no base is being made any more. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#keeping;
  }

  async #check(host: string): Promise<void> {
    const { world, profiles, isCordoned } = this.#options;
    const client = world.agent(host);
    const { signal } = this.#stopped;
    await client.health({ signal });
    this.#failures.delete(`${host} host`);
    if (!(await client.offersClone({ signal }))) {
      for (const profile of profiles)
        this.#set(host, profile, { state: 'none', why: 'its agent cannot clone' });
      world.bases.keep(host, new Set());
      return;
    }
    await this.#observe(host);
    if (isCordoned(host)) return;
    const tags = new Set(
      profiles.map((profile) => world.profile(profile).image).filter((image) => !digestIn(image)),
    );
    for (const image of tags) {
      const served = profiles.filter((profile) => world.profile(profile).image === image);
      await this.#attempt(host, served, image, () => this.#pull(host, image));
    }
    for (const { profile, make } of (await this.#observe(host)).bases) {
      if (make) await this.#attempt(host, [profile], profile, () => this.#make(host, profile));
    }
  }

  /** Stores which bases the host has now; this is correct even when nothing can be pulled or made. */
  async #observe(host: string): Promise<BasePlan> {
    const { world, profiles, namePrefix } = this.#options;
    const client = world.agent(host);
    const { signal } = this.#stopped;
    const [images, vms] = await Promise.all([client.listImages({ signal }), client.listVms({ signal })]);
    for (const { reference, digest } of images) {
      if (digest !== null) this.#digests.set(`${host} ${reference}`, digest);
    }
    const wanted = profiles.map((profile) => {
      const before = world.bases.of(host, profile);
      return {
        profile,
        key: this.#keyOf(host, profile),
        before: before.state === 'ready' ? before.vmId : null,
      };
    });
    const plan = planBases(namePrefix, wanted, vms);
    for (const { profile, base } of plan.bases)
      this.#set(host, profile, this.#explained(host, profile, base));
    world.bases.keep(host, plan.kept);
    return plan;
  }

  /** Adds why a base is not ready or not current, when a more exact reason is known. */
  #explained(host: string, profile: string, base: BaseVm): BaseVm {
    const { image } = this.#options.world.profile(profile);
    const failure = [profile, image, 'host']
      .map((what) => this.#failures.get(`${host} ${what}`))
      .find(Boolean);
    if (failure) return { ...base, why: `the last try failed: ${failure.message}` };
    const waits = base.why !== null && this.#options.isCordoned(host);
    return waits ? { ...base, why: 'its host is cordoned' } : base;
  }

  #keyOf(host: string, profile: string): string | null {
    const content = this.#options.world.profile(profile);
    const digest = digestIn(content.image) ?? this.#digests.get(`${host} ${content.image}`);
    return digest === undefined ? null : baseKey(profile, content, digest);
  }

  /** Finds the digest that the tag has now, and pulls it to the host. */
  async #pull(host: string, image: string): Promise<void> {
    const { world } = this.#options;
    const client = world.agent(host);
    const progress = `base VMs of ${image}`;
    const digest = await pullImage(client, image, {
      clock: this.#options.clock,
      timeout: world.pullTimeout,
      onProgress: (text) => world.progress(progress, text),
      signal: this.#stopped.signal,
    }).finally(() => world.progress(progress, null));
    if (digest === null)
      throw new DaemonError('BASE_UNUSABLE', `The agent does not report the digest of ${image}.`);
    this.#digests.set(`${host} ${image}`, digest);
  }

  async #make(host: string, profile: string): Promise<void> {
    const { world, namePrefix, clock } = this.#options;
    const client = world.agent(host);
    const { signal } = this.#stopped;
    const content = world.profile(profile);
    const key = this.#keyOf(host, profile);
    if (key === null) return;
    const isPinned = digestIn(content.image) !== null;
    const name = unfinishedBaseName(namePrefix, key, Math.floor(clock.now()).toString(36));
    await world.bases.whileMaking(host, name, async () => {
      if (isPinned) await this.#pull(host, content.image);
      const spec = { name, image: content.image, ephemeral: false, lifetimeSeconds: null };
      const vm = await client.createVm(spec, { signal });
      await sizeVm(client, vm, content, signal);
      // The create has pulled the tag again. If the tag still has the same digest, the VM contains that
      // digest.
      if (!isPinned) await this.#pull(host, content.image);
      if (this.#keyOf(host, profile) !== key) {
        throw new DaemonError('BASE_UNUSABLE', `${content.image} moved while a base VM was created from it.`);
      }
      await client.renameVm(vm.id, baseName(namePrefix, key), { signal });
      await this.#observe(host);
    });
  }

  /**
   * Shows a failure with each base that it prevents or keeps out of date, and pauses longer after each one.
   */
  async #attempt(host: string, profiles: string[], what: string, work: () => Promise<void>): Promise<void> {
    const { world, clock, log, interval } = this.#options;
    const key = `${host} ${what}`;
    const last = this.#failures.get(key);
    if (last && clock.now() < last.retryAt) return;
    try {
      await work();
      this.#failures.delete(key);
    } catch (error) {
      if (this.#stopped.signal.aborted) return;
      const { message } = failureOf(error);
      const count = (last?.count ?? 0) + 1;
      const pause = what === 'host' ? 0 : pauseAfter({ first: interval, longest: LONGEST_PAUSE }, count);
      this.#failures.set(key, { count, retryAt: clock.now() + pause, message });
      log.warn(
        { host, what },
        `host ${host}: no base VM can be created or renewed now (${what}): ${message}`,
      );
      for (const profile of profiles) {
        this.#set(host, profile, this.#explained(host, profile, world.bases.of(host, profile)));
      }
    }
  }

  #set(host: string, profile: string, base: BaseVm): void {
    const { world, log } = this.#options;
    const before = world.bases.of(host, profile);
    world.bases.set(host, profile, base);
    if (before.state === base.state && before.why === base.why) return;
    const is = base.state === 'ready' ? base.name : 'none';
    const why = base.why === null ? '' : ` (${base.why})`;
    log.info({ host, profile }, `host ${host}: the base VM of ${profile} is ${is}${why}`);
  }
}

/**
 * The part of a base VM's name that identifies its content: its profile, its image by reference and digest,
 * its size. A change of any of these gives another key, so a base is never updated but replaced.
 */
function baseKey(profile: string, { image, cpu, memory, disk }: Profile, digest: string): string {
  const content = JSON.stringify([profile, image, digest, cpu, memory, disk]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The digest that is part of a reference; null for a tag, which may move. */
function digestIn(reference: string): string | null {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? null;
}
