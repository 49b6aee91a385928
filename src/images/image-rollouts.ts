import type { Logger } from 'pino';
import type { VmImage } from '../../machines/job/context.ts';
import type { Clock } from '../clock.ts';
import type { ImageEntries } from '../journal/entries/image-entries.ts';
import type { Rollout, Rollouts } from '../store/tables/hosts/rollouts.ts';
import { chooseImage, mayTry, type WantedImage, wantedImages } from './choose-image.ts';
import { decideRollout } from './decide-rollout.ts';
import { digestIn, withDigest } from './image-reference.ts';
import { nextStep, orderedStep } from './next-step.ts';
import { noteAttempt, type SeenAttempt } from './note-attempt.ts';
import { back, endDoubt, moved, type RolloutStep, spread } from './rollout-steps.ts';

export interface ImageRolloutsOptions {
  table: Pick<Rollouts, 'of' | 'all' | 'put'>;
  /** The image of each profile, as the config names it. */
  images: ReadonlyMap<string, string>;
  hasBaseVms: boolean;
  entries: ImageEntries;
  clock: Clock;
  log: Logger;
  /** The hosts that take jobs now, in the order of the config. */
  openHosts(): readonly string[];
  /** Whether VMs of the profile can be made from the image on the host without a pull. */
  isReady(host: string, profile: string, image: VmImage): boolean;
  /** Whether there is a VM of the profile and the digest in which no runner has been online yet. */
  isTried(profile: string, digest: string): boolean;
  /** Called when another image may be chosen. */
  onChange(): void;
}

/** Milliseconds for which the trial's host may take no jobs; then the trial goes on at another host. */
const PATIENCE = 10 * 60_000;
/**
 * Milliseconds after which a failure counts although no VM of the old image has shown whether the host is the
 * cause: there may be no job for one.
 */
const LONGEST_DOUBT = 3_600_000;

/**
 * Which image each host uses for a profile, where images can be told apart: with a digest in the config, or with base
 * VMs. A next image goes to one host first, and its failures decide whether it spreads or goes back.
 */
export class ImageRollouts {
  readonly #options: ImageRolloutsOptions;
  /** The digest that a reference had when it was last asked for. */
  readonly #latest = new Map<string, string>();
  /** By profile, epoch ms since which the trial's host takes no jobs. */
  readonly #closedSince = new Map<string, number>();
  #hasBegun = false;

  constructor(options: ImageRolloutsOptions) {
    this.#options = options;
    for (const image of options.images.values()) {
      const digest = digestIn(image);
      if (digest !== null) this.#latest.set(image, digest);
    }
  }

  /** Why images of the profile cannot be tried on one host first, as a sentence; null where they can. */
  whyNot(profile: string): string | null {
    const image = this.#options.images.get(profile);
    if (image === undefined) return 'The config does not have this label any more.';
    return this.#options.hasBaseVms || digestIn(image) !== null ? null : NOT_TOLD_APART;
  }

  /**
   * Forgets profiles whose images are not told apart, and tells the journal of the others. Attempts that were
   * restored before were counted by an earlier process.
   */
  begin(): void {
    const { table, entries } = this.#options;
    for (const [profile, rollout] of [...table.all()]) {
      const next = rollout.trial ?? rollout.refused;
      // What was known before a restart: a host must not pull a tag that moved to learn that again.
      if (next && !this.#latest.has(next.reference)) this.#latest.set(next.reference, next.digest);
      // A label that comes back goes on with the image that was known to work.
      if (!this.#options.images.has(profile)) entries.forget(profile);
      else if (this.whyNot(profile) === null)
        entries.changed(profile, rollout, rollout, 'image.known', rollout.last.why);
      else {
        table.put(profile, null);
        entries.forget(profile);
      }
    }
    this.#hasBegun = true;
    this.look();
  }

  /** The agent of a host says which digest a reference has now. */
  saw(reference: string, digest: string): void {
    if (this.#latest.get(reference) === digest) return;
    this.#latest.set(reference, digest);
    this.look();
  }

  /** Begins trials, moves them and ends them, as far as time or what was seen asks for it. */
  look(): void {
    if (!this.#hasBegun) return;
    for (const profile of this.#options.images.keys()) {
      if (this.whyNot(profile) !== null) continue;
      this.#lookAtReference(profile);
      this.#lookAtTrial(profile);
    }
  }

  /**
   * What an attempt showed of host and image together, as the breaker of the pair is told. Returns whether its image
   * is on trial.
   */
  attempt(seen: SeenAttempt): boolean {
    const { table, clock } = this.#options;
    const before = table.of(seen.profile);
    if (!this.#hasBegun || before === null) return false;
    const after = noteAttempt(before, seen, clock.now());
    if (after !== before) {
      table.put(seen.profile, after);
      this.#judge(seen.profile);
      this.#options.onChange();
    }
    return seen.image !== null && seen.image.digest === before.trial?.digest;
  }

  /** The images of the profile that the host should have; none while no digest is known. */
  wanted(host: string, profile: string): WantedImage[] {
    const rollout = this.#options.table.of(profile);
    return rollout ? wantedImages(rollout, host) : [];
  }

  /** What the next VM of the profile on the host is made from; null where the agent alone decides that. */
  choose(host: string, profile: string): VmImage | null {
    const rollout = this.#options.table.of(profile);
    if (rollout === null) return null;
    const isReady = (image: VmImage) => this.#options.isReady(host, profile, image);
    return chooseImage(rollout, host, { isReady, isTried: this.#isTried(profile, rollout) });
  }

  /** The host that should get the next VM of the profile, so that a trial gets its VMs; null without one. */
  preferredHost(profile: string): string | null {
    const rollout = this.#options.table.of(profile);
    if (!rollout?.trial) return null;
    const { host, doubt } = rollout.trial;
    const isReady = this.#options.isReady(host, profile, rollout.trial);
    return doubt !== null || (isReady && mayTry(rollout, host, this.#isTried(profile, rollout)))
      ? host
      : null;
  }

  /** Whether a warm VM of this image must not get a job. */
  isRefused(profile: string, { digest }: VmImage): boolean {
    const rollout = this.#options.table.of(profile);
    return rollout?.refused?.digest === digest && rollout.current.digest !== digest;
  }

  /** The hosts that are asked for the digest of a reference: those of its trials, else the first of these. */
  asks(reference: string, hosts: readonly string[]): string | undefined {
    const { images, table, openHosts } = this.#options;
    const profiles = [...images].filter(([, image]) => image === reference).map(([profile]) => profile);
    const trying = profiles.flatMap((profile) => table.of(profile)?.trial?.host ?? []);
    const open = openHosts();
    return (
      trying.find((host) => hosts.includes(host)) ?? hosts.find((host) => open.includes(host)) ?? hosts[0]
    );
  }

  /**
   * The reference by which the agent makes a VM of this image: the tag while it has the digest, as far as is known, since
   * the host has it under that name. Otherwise the digest, which the host keeps as a second image.
   */
  referenceFor({ reference, digest }: VmImage): string {
    if (digestIn(reference) !== null) return reference;
    const isConfigured = [...this.#options.images.values()].includes(reference);
    const latest = this.#latest.get(reference) ?? digest;
    return isConfigured && latest === digest ? reference : withDigest(reference, digest);
  }

  /** The profiles that use a reference on some host. */
  profilesWith(reference: string): string[] {
    const { images, table } = this.#options;
    return [...images].flatMap(([profile, image]) => {
      const { current, previous, trial } = table.of(profile) ?? {};
      const used = [current, previous, trial].flatMap((one) => (one ? [this.referenceFor(one)] : []));
      return image === reference || used.includes(reference) ? [profile] : [];
    });
  }

  /** An operator's order. Returns why it cannot be carried out, as a sentence; null when it was. */
  order(what: 'try' | 'spread' | 'back', profile: string, by: string): string | null {
    const { table, clock, openHosts } = this.#options;
    const whyNot = this.whyNot(profile);
    if (whyNot !== null) return whyNot;
    const rollout = table.of(profile);
    if (rollout === null) return 'No image of it was seen yet.';
    const step = orderedStep(what, rollout, by, openHosts(), clock.now());
    if (typeof step === 'string') return step;
    this.#take(profile, step);
    return null;
  }

  /** How the trial goes, as a sentence; null without one. */
  progress(profile: string): string | null {
    const rollout = this.#options.table.of(profile);
    if (!rollout?.trial) return null;
    const { why } = decideRollout(rollout.trial, rollout.current, this.#lasts(rollout.trial));
    const doubt = rollout.trial.doubt;
    return doubt === null
      ? why
      : `${why} One more failed: ${doubt.why} The next VM on ${rollout.trial.host} is one of the old image, which shows whether the host is the cause.`;
  }

  #isTried(profile: string, { trial }: Rollout): boolean {
    return trial !== null && this.#options.isTried(profile, trial.digest);
  }

  #lookAtReference(profile: string): void {
    const { images, table, clock, openHosts } = this.#options;
    const reference = images.get(profile) ?? '';
    const digest = this.#latest.get(reference);
    const rollout = table.of(profile);
    const step = nextStep(rollout, { reference, digest }, openHosts(), clock.now());
    if (step !== null) {
      this.#take(profile, step);
      // A trial that ended may make room for the next one.
      if (step.rollout.trial === null && rollout !== null) this.#lookAtReference(profile);
    } else if (
      rollout !== null &&
      digest === rollout.current.digest &&
      reference !== rollout.current.reference
    )
      table.put(profile, { ...rollout, current: { ...rollout.current, reference } });
  }

  #lookAtTrial(profile: string): void {
    const { table, clock, openHosts } = this.#options;
    const rollout = table.of(profile);
    if (!rollout?.trial) {
      this.#closedSince.delete(profile);
      return;
    }
    const { trial } = rollout;
    const [open, now] = [openHosts(), clock.now()];
    if (open.includes(trial.host)) this.#closedSince.delete(profile);
    else {
      const since = this.#closedSince.get(profile) ?? now;
      this.#closedSince.set(profile, since);
      const [other] = open;
      if (other !== undefined && now - since >= PATIENCE) {
        this.#closedSince.delete(profile);
        this.#take(profile, moved(rollout, other));
        return;
      }
    }
    if (trial.doubt && now - trial.doubt.at >= LONGEST_DOUBT) table.put(profile, endDoubt(rollout, false));
    this.#judge(profile);
  }

  #judge(profile: string): void {
    const { table, clock } = this.#options;
    const rollout = table.of(profile);
    if (!rollout?.trial) return;
    const { trial } = rollout;
    const { verdict, why } = decideRollout(trial, rollout.current, this.#lasts(trial));
    if (verdict === 'spread') this.#take(profile, spread(rollout, trial, why, clock.now(), null));
    if (verdict === 'back') this.#take(profile, back(rollout, why, clock.now(), null));
  }

  #lasts({ since }: { since: number }): number {
    return this.#options.clock.now() - since;
  }

  #take(profile: string, { rollout, event, why }: RolloutStep): void {
    const { table, entries, log, onChange } = this.#options;
    const before = table.of(profile);
    table.put(profile, rollout);
    entries.changed(profile, before, rollout, event, why);
    const { current, trial } = rollout;
    const about = { profile, digest: (trial ?? current).digest, ...(trial && { host: trial.host }) };
    log[event === 'image.back' ? 'warn' : 'info'](about, `the image of ${profile}: ${why}`);
    onChange();
  }
}

const NOT_TOLD_APART =
  'The agent asks the registry for this tag at each VM, so a moved tag is used on every host at once: turn on controller.base_vms, or name the image by its digest, and it is tried on one host first.';
