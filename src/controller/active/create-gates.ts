import { type Failure, failureOf } from '../../../machines/failure.ts';
import { type RunnerScope, runnerScopeOf } from '../../../machines/job/context.ts';
import type { JobObservation } from '../../../machines/job/observation.ts';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { GitHub } from '../../github/github.ts';
import { scopeName } from '../../github/runners/runner-scope.ts';
import type { Pulls } from '../../hosts/pulls.ts';
import type { JobActors } from '../../jobs/job-actors.ts';
import type { Breakers } from '../../placement/breakers/breakers.ts';
import { GrantChecks } from '../../placement/grant-checks.ts';
import { GrantGates, pullName } from '../../placement/grant-gates.ts';
import type { WaitingSources } from '../../placement/waiting/why-waiting.ts';
import type { BaseVms } from '../../upkeep/bases/base-vms.ts';

export interface GatesParts {
  config: Config;
  actors: JobActors;
  breakers: Breakers;
  github: GitHub;
  pulls: Pulls;
  bases: BaseVms;
  clock: Clock;
  observe(observation: JobObservation): void;
  onGone(jobId: number, failure: Failure): void;
  /** Called when something was learned that may let a job pass. */
  onChange(): void;
}

/** Builds what decides whether a queued job may get a VM, from the config and the adapters. */
export function createGates(parts: GatesParts): GrantGates {
  const { config, actors, breakers, github, pulls, bases, clock, observe, onGone, onChange } = parts;
  const scope = (owner: string, repository: string): RunnerScope =>
    runnerScopeOf(config.runner.scope, { owner, repository });
  return new GrantGates({
    actors,
    breakers,
    pulls,
    scope,
    checks: new GrantChecks({ github, breakers, clock, scope, observe, onGone, onChange }),
    imageOf: (profile) => config.labels[profile]?.image ?? null,
    hasBase: (host, profile) => bases.of(host, profile).state === 'ready',
  });
}

/** Tells the breakers of all profiles with this image how its pull ended. */
export function pullEnded(breakers: Breakers, config: Config, image: string, error: unknown): void {
  for (const [profile, label] of Object.entries(config.labels)) {
    if (label.image !== image) continue;
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
