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
  /** Whether VMs of the profile are cloned on the host, which does not need the image. */
  hasBase(host: string, profile: string): boolean;
}

/** Decides whether a queued job may have a VM, from the breakers, the pulls and what GitHub says. */
export class GrantGates implements Gates {
  readonly #options: GrantGatesOptions;

  constructor(options: GrantGatesOptions) {
    this.#options = options;
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
    const { breakers, checks, pulls, imageOf, hasBase } = this.#options;
    const [job, image] = [this.#jobOf(key), imageOf(profile)];
    if (job === null || image === null || checks.isHeld(job.id)) return null;
    const state = hasBase(host, profile) ? 'ready' : pulls.stateOf(host, image);
    const mayPull = state === 'missing' && breakers.room(`pull ${pullName(image, profile)}`) > 0;
    return state === 'ready' || mayPull ? gatesOn(host, profile) : null;
  }

  room(gate: string): number {
    return this.#options.breakers.room(gate);
  }

  isReady({ key }: WaitingJob): 'yes' | 'asking' | 'no' {
    const job = this.#jobOf(key);
    return job === null ? 'no' : this.#options.checks.ask(job);
  }

  /** How many more warm VMs of a profile may be started on a host. */
  roomForWarm(profile: string, host: string): number {
    if (!this.#hasImage(host, profile)) return 0;
    const gates = [`profile ${profile}`, ...gatesOn(host, profile)];
    return Math.min(...gates.map((gate) => this.room(gate)));
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
    const { breakers, pulls, imageOf, hasBase } = this.#options;
    const image = imageOf(profile);
    if (image === null) return false;
    if (hasBase(host, profile) || pulls.stateOf(host, image) === 'ready') return true;
    const gate = { about: 'pull', name: pullName(image, profile) } as const;
    if (pulls.stateOf(host, image) === 'missing' && breakers.room(`pull ${gate.name}`) > 0) {
      breakers.tell(gate, { type: 'attempt.began' });
      pulls.ensure(host, image).catch(() => undefined);
    }
    return false;
  }

  #jobOf(key: string): Job | null {
    return this.#options.actors.snapshotOf(key)?.context.job ?? null;
  }

  #scopeOf({ owner, repository }: Job): string {
    return scopeName(this.#options.scope(owner, repository));
  }
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
