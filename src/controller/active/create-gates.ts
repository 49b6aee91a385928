import { type Failure, failureOf } from '../../../machines/failure.ts';
import { type RunnerScope, runnerScopeOf } from '../../../machines/job/context.ts';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { GitHub } from '../../github/github.ts';
import { scopeName } from '../../github/runners/runner-scope.ts';
import type { Pulls } from '../../hosts/pulls.ts';
import type { ImageRollouts } from '../../images/image-rollouts.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { Breakers } from '../../placement/breakers/breakers.ts';
import { GrantChecks } from '../../placement/grant-checks.ts';
import { GrantGates, type NeededImages, pullName } from '../../placement/grant-gates.ts';
import type { WaitingSources } from '../../placement/waiting/why-waiting.ts';
import type { BaseVms } from '../../upkeep/bases/base-vms.ts';

export interface GatesParts {
  config: Config;
  actors: JobActors;
  breakers: Breakers;
  github: GitHub;
  pulls: Pulls;
  bases: BaseVms;
  rollouts: ImageRollouts;
  clock: Clock;
  observe(observation: JobObservation): void;
  onGone(jobId: number, failure: Failure): void;
  /** Called when something was learned that may let a job pass. */
  onChange(): void;
}

/** Builds what decides whether a queued job may get a VM, from the config and the adapters. */
export function createGates(parts: GatesParts): GrantGates {
  const { config, actors, breakers, github, pulls, rollouts, clock, observe, onGone, onChange } = parts;
  const scope = (owner: string, repository: string): RunnerScope =>
    runnerScopeOf(config.runner.scope, { owner, repository });
  return new GrantGates({
    actors,
    breakers,
    pulls,
    scope,
    checks: new GrantChecks({ github, breakers, clock, scope, observe, onGone, onChange }),
    imageOf: (profile) => config.labels[profile]?.image ?? null,
    imagesOn: (host, profile) => neededImages(parts, host, profile),
    preferredHost: (profile) => rollouts.preferredHost(profile),
  });
}

/** What a host has to have for the next VM of a profile: nothing, where that is cloned from a base VM. */
function neededImages(
  { config, bases, rollouts }: Pick<GatesParts, 'config' | 'bases' | 'rollouts'>,
  host: string,
  profile: string,
): NeededImages {
  const image = rollouts.choose(host, profile);
  const base = bases.of(host, profile, image);
  if (base.state === 'ready') return { now: null, next: [] };
  const configured = config.labels[profile]?.image ?? '';
  const now = image ? rollouts.referenceFor(image) : configured;
  // The host may have a base VM of it; a pull by digest would then be for nothing.
  if (now !== configured && bases.isUnseen(host)) return { now: 'unknown', next: [] };
  if (bases.areMadeOn(host)) return { now, next: [] };
  const wanted = rollouts.wanted(host, profile).filter(({ role }) => role !== 'previous');
  return { now, next: wanted.map((one) => rollouts.referenceFor(one)) };
}

/** Tells the breakers of all profiles with this image how its pull ended. */
export function pullEnded(
  breakers: Breakers,
  profiles: readonly string[],
  image: string,
  error: unknown,
): void {
  for (const profile of profiles) {
    const event =
      error === null
        ? ({ type: 'attempt.served' } as const)
        : failureOf(error).code === 'HOST_MAINTENANCE'
          ? ({ type: 'attempt.ended' } as const)
          : ({ type: 'attempt.failed', failure: failureOf(error) } as const);
    breakers.tell({ about: 'pull', name: pullName(image, profile) }, event);
  }
}

/**
 * Where runners for a job are registered, and which image a profile has; needed to explain why a job waits.
 */
export function waitingNames(
  config: Config,
  github: GitHub,
  clock: Clock,
): Pick<WaitingSources, 'scopeOf' | 'imageOf' | 'pausedUntil' | 'githubNow'> {
  return {
    scopeOf: (job) => scopeName(runnerScopeOf(config.runner.scope, job)),
    imageOf: (profile) => config.labels[profile]?.image ?? null,
    pausedUntil: () => github.pausedUntil('serving jobs', clock.now()),
    githubNow: () => github.now(),
  };
}
