import type { BreakerView } from '../../machines/breaker.ts';
import type { Job, RunnerScope } from '../../machines/job/context.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Pulls } from '../hosts/pulls.ts';
import type { JobActors } from '../jobs/job-actors.ts';
import { pairName } from './breakers/breaker-events.ts';
import type { Breakers } from './breakers/breakers.ts';
import type { GrantChecks } from './grant-checks.ts';
import type { Gates, WaitingJob } from './schedule.ts';
import { soonest } from './soonest.ts';

export interface GrantGatesOptions {
  actors: JobActors;
  breakers: Breakers;
  checks: GrantChecks;
  pulls: Pulls;
  scope(owner: string, repository: string): RunnerScope;
  /** The image of a profile; null when the config has no such label (any more). */
  imageOf(profile: string): string | null;
  /** What the next VM of the profile on the host needs, and what later ones will need. */
  imagesOn(host: string, profile: string): NeededImages;
  /** The host that should get the next VM of the profile; null without one. */
  preferredHost(profile: string): string | null;
}

export interface NeededImages {
  /**
   * The reference of the image that the host has to have. Null for a VM that is cloned; `unknown` until it was looked
   * whether the host has a base VM.
   */
  now: string | null | 'unknown';
  /** References of images that it should pull while VMs are made from `now`. */
  next: readonly string[];
}

/** Decides whether a queued job may have a VM, from the breakers, the pulls and what GitHub says. */
export class GrantGates implements Gates {
  readonly #options: GrantGatesOptions;

  constructor(options: GrantGatesOptions) {
    this.#options = options;
  }

  /**
   * A trial goes to the job that most probably shows that GitHub, the host or the image works. GitHub may assign
   * nothing in one repository only, and the VMs of one job may fail for a cause of its own: if the oldest job always got
   * the trial, the others would wait for as long as that goes on.
   */
  inOrder(due: WaitingJob[]): WaitingJob[] {
    const trials = this.#options.breakers
      .troubled()
      .filter(({ about, name }) => this.room(`${about} ${name}`) === 1);
    const tried = [...new Set(due.map(({ profile }) => profile))].filter((profile) =>
      trials.some((trial) => concerns(trial, profile)),
    );
    const ofTried = new Map(
      tried.map((name) => [
        name,
        due.filter(({ profile }) => profile === name).sort((a, b) => this.#vmsInVain(a) - this.#vmsInVain(b)),
      ]),
    );
    // For the trial of a profile, its jobs change places only with one another.
    const ofProfiles = due.map((job) => ofTried.get(job.profile)?.shift() ?? job);
    const ofHosts = trials.flatMap(({ about, name }) =>
      about === 'host' ? this.#forTrialOf(name, ofProfiles) : [],
    );
    const inTurn = [...new Set([...ofHosts, ...ofProfiles])];
    if (this.room('github github') !== 1) return inTurn;
    // In a repository where all runners got their jobs, those of this job may still fail, so neither count is first.
    return inTurn
      .map((job) => ({ job, inVain: this.#unused(job) + this.#vmsInVain(job) }))
      .sort((a, b) => a.inVain - b.inVain)
      .map(({ job }) => job);
  }

  of({ key, profile }: WaitingJob): string[] | null {
    const { checks, imageOf } = this.#options;
    const job = this.#jobOf(key);
    if (job === null || imageOf(profile) === null || checks.isTooOld(job)) return null;
    // A VM that waits for GitHub's budget would use up its lifetime in a slot.
    if (checks.pausedUntil() !== null) return null;
    return gatesOf(job, this.#scopeOf(job));
  }

  on({ profile }: WaitingJob, host: string): string[] | null {
    return this.#hasImage(host, profile) ? gatesOn(host, profile) : null;
  }

  /**
   * As `on`, but starts no pull: an image that is missing may be pulled. Null for a job that GitHub itself
   * holds back.
   */
  peek({ key, profile }: WaitingJob, host: string): string[] | null {
    const { breakers, checks, pulls, imageOf, imagesOn } = this.#options;
    const job = this.#jobOf(key);
    if (job === null || imageOf(profile) === null || checks.isHeld(job.id)) return null;
    const { now: image } = imagesOn(host, profile);
    if (image === 'unknown') return null;
    if (image === null) return gatesOn(host, profile);
    const state = pulls.stateOf(host, image);
    const mayPull = state === 'missing' && breakers.room(`pull ${pullName(image, profile)}`) > 0;
    return state === 'ready' || mayPull ? gatesOn(host, profile) : null;
  }

  preferred(profile: string, withRoom: readonly string[]): string | null {
    const { breakers, preferredHost } = this.#options;
    const preferred = preferredHost(profile);
    if (preferred !== null || this.room(`profile ${profile}`) !== 1) return preferred;
    // If the same host got each trial of the profile, the profile would wait for as long as that host fails.
    return (
      withRoom.toSorted((a, b) => breakers.lastResult(a, profile) - breakers.lastResult(b, profile))[0] ??
      null
    );
  }

  room(gate: string): number {
    return this.#options.breakers.room(gate);
  }

  isReady({ key }: WaitingJob): 'yes' | 'asking' | 'no' {
    const job = this.#jobOf(key);
    return job === null ? 'no' : this.#options.checks.ask(job);
  }

  roomForWarm(profile: string, host: string, taken: ReadonlyMap<string, number>): number {
    if (!this.#hasImage(host, profile)) return 0;
    const gates = [`profile ${profile}`, ...gatesOn(host, profile)];
    return Math.min(...gates.map((gate) => this.room(gate) - (taken.get(gate) ?? 0)));
  }

  observed(seen: JobObservation): void {
    this.#options.checks.observed(seen);
  }

  /** Epoch ms at which a failed question may be asked again; null when none failed. */
  nextAt(): number | null {
    const { checks } = this.#options;
    return soonest([checks.nextAt(), checks.pausedUntil()]);
  }

  /** Starts one pull for each host and image, as soon as a job needs it. */
  #hasImage(host: string, profile: string): boolean {
    const { pulls, imageOf, imagesOn } = this.#options;
    if (imageOf(profile) === null) return false;
    const { now, next } = imagesOn(host, profile);
    for (const image of next) this.#pull(host, profile, image);
    if (now === null || now === 'unknown') return now === null;
    this.#pull(host, profile, now);
    return pulls.stateOf(host, now) === 'ready';
  }

  #pull(host: string, profile: string, image: string): void {
    const { breakers, pulls } = this.#options;
    const gate = { about: 'pull', name: pullName(image, profile) } as const;
    if (pulls.stateOf(host, image) !== 'missing' || breakers.room(`pull ${gate.name}`) === 0) return;
    breakers.tell(gate, { type: 'attempt.began' });
    pulls.ensure(host, image).catch(() => undefined);
  }

  /**
   * The job for the trial of a host: of the profile whose last result there is the oldest. If the oldest job got each
   * trial, a profile that works would wait for as long as another one fails. Empty when no job may try the host.
   */
  #forTrialOf(host: string, due: readonly WaitingJob[]): WaitingJob[] {
    const { breakers } = this.#options;
    const passes = (gates: string[] | null) => gates?.every((gate) => this.room(gate) > 0) ?? false;
    const mayTry = (job: WaitingJob) => passes(this.of(job)) && passes(this.peek(job, host));
    const profiles = [...new Set(due.map(({ profile }) => profile))].sort(
      (a, b) => breakers.lastResult(host, a) - breakers.lastResult(host, b),
    );
    for (const profile of profiles) {
      const job = due.find((one) => one.profile === profile && mayTry(one));
      if (job) return [job];
    }
    return [];
  }

  #vmsInVain({ key }: WaitingJob): number {
    return this.#jobOf(key)?.vmsInVain ?? 0;
  }

  /** How many runners of the job's repository or organization got no job in a row. */
  #unused({ key }: WaitingJob): number {
    const job = this.#jobOf(key);
    return job === null ? 0 : this.#options.breakers.unusedIn(this.#scopeOf(job));
  }

  #jobOf(key: string): Job | null {
    return this.#options.actors.snapshotOf(key)?.context.job ?? null;
  }

  #scopeOf({ owner, repository }: Job): string {
    return scopeName(this.#options.scope(owner, repository));
  }
}

/** Whether a breaker can hold back a profile on some host. */
function concerns({ about, name }: Pick<BreakerView, 'about' | 'name'>, profile: string): boolean {
  const pairs = pairName('', profile);
  return (
    about === 'host' ||
    (about === 'profile' && name === profile) ||
    (about === 'pair' && name.startsWith(pairs))
  );
}

/**
 * The breakers that can hold back a job on every host. A repository whose runners its organization registers
 * has one of its own, since it may be gone while the others are served.
 */
export function gatesOf(
  { owner, repository, profile }: Pick<Job, 'owner' | 'repository' | 'profile'>,
  scope: string,
): string[] {
  const places = new Set([scope, `${owner}/${repository}`]);
  return ['github github', ...[...places].map((place) => `registration ${place}`), `profile ${profile}`];
}

/** The breakers that can hold back a profile on one host. */
export function gatesOn(host: string, profile: string): string[] {
  return [`host ${host}`, `pair ${pairName(host, profile)}`];
}

/** A registry may refuse one profile's image and serve another's. */
export function pullName(image: string, profile: string): string {
  return `${image.split('/')[0]} for ${profile}`;
}
