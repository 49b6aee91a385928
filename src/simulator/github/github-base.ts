import type { Clock } from '../../clock.ts';
import type { FaultPlan } from '../faults.ts';
import { Alarms } from './alarms.ts';
import { Identifiers } from './identifiers.ts';
import { type GitHubOptions, type GitHubSettings, gitHubOptions } from './options.ts';

/** What the simulated GitHub needs from outside. */
export interface GitHubParts {
  clock: Clock;
  /** Returns numbers in [0, 1); with a seeded source, runs repeat. */
  random: () => number;
  faults: FaultPlan;
  settings?: GitHubSettings;
}

/** What every part of the simulated GitHub uses: time, chance, options, ids, and the address at which it is served. */
export interface GitHubBase {
  readonly clock: Clock;
  readonly random: () => number;
  readonly faults: FaultPlan;
  readonly options: GitHubOptions;
  readonly alarms: Alarms;
  readonly ids: Identifiers;
  /** Base of web pages and of the runner service. */
  origin: string;
}

export function createGitHubBase({ clock, random, faults, settings }: GitHubParts): GitHubBase {
  return {
    clock,
    random,
    faults,
    options: gitHubOptions(settings),
    alarms: new Alarms(clock),
    ids: new Identifiers(random),
    origin: 'http://github.invalid',
  };
}

/** Base of the REST API. */
export function apiUrl({ options, origin }: GitHubBase): string {
  return options.enterpriseVersion === null ? origin : `${origin}/api/v3`;
}
