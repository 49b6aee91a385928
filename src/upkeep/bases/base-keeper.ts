import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { failureOf } from '../../../machines/failure.ts';
import type { VmImage } from '../../../machines/job/context.ts';
import { pauseAfter } from '../../../machines/pause.ts';
import { baseName, unfinishedBaseName } from '../../../machines/resource-name.ts';
import type { AgentClient } from '../../agent/agent-client.ts';
import { pullImage } from '../../agent/pull-image.ts';
import { sizeVm } from '../../agent/size-vm.ts';
import { type Clock, sleepFor } from '../../clock.ts';
import type { Profile } from '../../config/profile.ts';
import { DaemonError } from '../../errors.ts';
import { digestIn } from '../../images/image-reference.ts';
import type { ImageRollouts } from '../../images/image-rollouts.ts';
import { Stop } from '../../stop.ts';
import type { BaseVm, BaseVms } from './base-vms.ts';
import { type BasePlan, planBases, type WantedBase } from './plan-bases.ts';

export interface BaseKeeperOptions {
  /** The part of the effects' world that the keeper uses. */
  world: {
    agent(host: string): AgentClient;
    /** Throws PROFILE_UNKNOWN. */
    profile(label: string): Profile;
    bases: BaseVms;
    /** Which images each host should have, and which of its hosts is asked for the digest of a tag. */
    rollouts: Pick<ImageRollouts, 'wanted' | 'saw' | 'asks' | 'referenceFor'>;
    /** Milliseconds for one pull. */
    pullTimeout: number;
    progress(vmName: string, text: string | null): void;
  };
  hosts: string[];
  profiles: string[];
  namePrefix: string;
  clock: Clock;
  log: Logger;
  /** Milliseconds between two checks of a host; one host asks the registry which digest a tag has now. */
  interval: number;
  /** A cordoned host gets no new VMs. */
  isCordoned(host: string): boolean;
}

/** Longest pause after failures in a row, in milliseconds. */
const LONGEST_PAUSE = 10 * 60_000;

/**
 * Keeps a stopped VM for each image of a profile, on the hosts that use this image. VMs for jobs are cloned from it.
 * Jobs never wait for it: when no base is ready, a job's VM is made from its image.
 *
 * No record is written ahead (law 1): the names on the host itself are the record. A base is made under a
 * name that says "unfinished" and that was never used before. It gets its plain name when it is complete and
 * known to contain what that name says. So whatever a crash, a lost response or a moved tag leaves behind is
 * unfinished to everyone who lists the host, and the collector deletes it. This keeper deletes nothing.
 */
export class BaseKeeper {
  readonly #options: BaseKeeperOptions;
  readonly #stopped = new Stop();
  /** The digest that a reference has on a host, by host and reference. */
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
    const isOffered = await client.offersClone({ signal });
    world.bases.setOffered(host, isOffered);
    if (!isOffered) {
      for (const { profile, image } of this.#wanted(host))
        this.#set(host, profile, image, { state: 'none', why: 'its agent cannot clone' });
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
      if (world.rollouts.asks(image, this.#askable(image)) === host)
        await this.#attempt(host, served, image, () => this.#ask(host, image));
    }
    for (const { profile, image, make } of (await this.#observe(host)).bases) {
      if (make && image)
        await this.#attempt(host, [profile], profile, () => this.#make(host, profile, image));
    }
  }

  /** The hosts that can say which digest a tag has; all, where none can. */
  #askable(image: string): string[] {
    const { hosts, isCordoned } = this.#options;
    const has = (host: string, what: string) => this.#failures.has(`${host} ${what}`);
    const open = hosts.filter((host) => !isCordoned(host));
    const works = open.filter((host) => !has(host, 'host') && !has(host, image));
    return works.length > 0 ? works : open;
  }

  /** Finds the digest that the tag has now. It is pulled for that: the agent cannot ask for the digest alone. */
  async #ask(host: string, image: string): Promise<void> {
    this.#options.world.rollouts.saw(image, await this.#pull(host, image));
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
    for (const profile of profiles) {
      const { image } = world.profile(profile);
      const digest = this.#digests.get(`${host} ${image}`);
      // Before anything is known of a profile, what a host has is used without asking a registry.
      if (digest !== undefined && world.rollouts.wanted(host, profile).length === 0)
        world.rollouts.saw(image, digest);
    }
    const plan = planBases(namePrefix, this.#wanted(host), vms);
    world.bases.keepOnly(host, plan.bases);
    for (const { profile, image, base } of plan.bases)
      this.#set(host, profile, image, this.#explained(host, profile, base));
    world.bases.keep(host, plan.kept);
    return plan;
  }

  #wanted(host: string): WantedBase[] {
    const { world, profiles } = this.#options;
    return profiles.flatMap((profile): WantedBase[] => {
      const content = world.profile(profile);
      const images = world.rollouts.wanted(host, profile);
      if (images.length === 0) return [{ profile, image: null, key: null, role: 'current' }];
      return images.map(({ role, ...image }) => ({
        ...{ profile, image, role },
        key: baseKey(profile, content, image),
      }));
    });
  }

  /** Adds why a base is not ready, or what failed at it last, when that is known. */
  #explained(host: string, profile: string, base: BaseVm): BaseVm {
    const { image } = this.#options.world.profile(profile);
    const failure = [profile, image, 'host']
      .map((what) => this.#failures.get(`${host} ${what}`))
      .find(Boolean);
    if (failure) return { ...base, why: `the last try failed: ${failure.message}` };
    const waits = base.state === 'none' && this.#options.isCordoned(host);
    return waits ? { state: 'none', why: 'its host is cordoned' } : base;
  }

  /** Pulls the image to the host. Returns the digest that it has there. */
  async #pull(host: string, reference: string): Promise<string> {
    const { world } = this.#options;
    const client = world.agent(host);
    const progress = `base VMs of ${reference}`;
    const digest = await pullImage(client, reference, {
      clock: this.#options.clock,
      timeout: world.pullTimeout,
      onProgress: (text) => world.progress(progress, text),
      signal: this.#stopped.signal,
    }).finally(() => world.progress(progress, null));
    if (digest === null)
      throw new DaemonError('BASE_UNUSABLE', `The agent does not report the digest of ${reference}.`);
    this.#digests.set(`${host} ${reference}`, digest);
    return digest;
  }

  async #make(host: string, profile: string, image: VmImage): Promise<void> {
    const { world, namePrefix, clock } = this.#options;
    const client = world.agent(host);
    const { signal } = this.#stopped;
    const content = world.profile(profile);
    const key = baseKey(profile, content, image);
    const reference = world.rollouts.referenceFor(image);
    const name = unfinishedBaseName(namePrefix, key, Math.floor(clock.now()).toString(36));
    await world.bases.whileMaking(host, name, async () => {
      await this.#confirm(host, reference, image);
      const spec = { name, image: reference, ephemeral: false, lifetimeSeconds: null };
      const vm = await client.createVm(spec, { signal });
      await sizeVm(client, vm, content, signal);
      // The create has pulled the tag again. If the tag still has the same digest, the VM contains that
      // digest.
      await this.#confirm(host, reference, image);
      await client.renameVm(vm.id, baseName(namePrefix, key), { signal });
      await this.#observe(host);
    });
  }

  /** Pulls the image; throws when its reference has another digest now, which is passed on. */
  async #confirm(host: string, reference: string, image: VmImage): Promise<void> {
    const digest = await this.#pull(host, reference);
    if (digest === image.digest) return;
    this.#options.world.rollouts.saw(reference, digest);
    throw new DaemonError('BASE_UNUSABLE', `${reference} moved while a base VM was created from it.`);
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
        `host ${host}: a base VM could not be created or renewed (${what}), and this is tried again. Until then jobs use the earlier base VM or the image: ${message}`,
      );
      for (const { profile, image } of this.#wanted(host)) {
        if (!profiles.includes(profile)) continue;
        const base = world.bases.of(host, profile, image);
        this.#set(host, profile, image, this.#explained(host, profile, base));
      }
    }
  }

  #set(host: string, profile: string, image: VmImage | null, base: BaseVm): void {
    const { world, log } = this.#options;
    const before = world.bases.of(host, profile, image);
    world.bases.set(host, profile, image, base);
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
function baseKey(profile: string, { cpu, memory, disk }: Profile, { reference, digest }: VmImage): string {
  const content = JSON.stringify([profile, reference, digest, cpu, memory, disk]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}
