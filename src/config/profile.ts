import { DaemonError } from '../errors.ts';
import { foldLabel } from './fold-label.ts';
import type { Config } from './schema.ts';

/** What a profile of the config means; sizes in bytes. */
export interface Profile {
  image: string;
  /** Null means that the image's own value is used; the same for memory and disk. */
  cpu: number | null;
  memory: number | null;
  disk: number | null;
  lifetimeSeconds: number;
  /** Labels that a runner of this profile registers with, lower case. */
  runnerLabels: string[];
}

/** Returns the profile under a label. Throws PROFILE_UNKNOWN when the config does not have it. */
export function profileOf({ labels, runner }: Pick<Config, 'labels' | 'runner'>, label: string): Profile {
  const profile = labels[label];
  if (!profile) {
    throw new DaemonError(
      'PROFILE_UNKNOWN',
      `The config has no label "${label}" any more, so its job has no image: add the label again until its jobs have ended.`,
    );
  }
  return {
    image: profile.image,
    cpu: profile.cpu ?? null,
    memory: profile.memory ?? null,
    disk: profile.disk ?? null,
    lifetimeSeconds: profile.lifetime_seconds,
    runnerLabels: runnerLabelsFor(label, runner.labels),
  };
}

/**
 * Returns the labels that a runner of the profile registers with; lower case, as GitHub stores those of JIT runners.
 */
export function runnerLabelsFor(profile: string, runnerLabels: readonly string[]): string[] {
  return [...new Set([profile, ...runnerLabels].map(foldLabel))];
}

/**
 * Returns the profile whose runner would be eligible for a job: the job names the profile's label, and the runner has
 * every label that the job names; the case of ASCII letters does not matter. A job that shares a label with one of
 * GitHub's hosted images matches no profile, and neither does a job without labels (`runs-on: {group: …}` alone cannot
 * be told apart from others' jobs). When several profiles match, the first in the config is used.
 */
export function matchProfile(
  runsOn: readonly string[],
  profiles: Readonly<Record<string, unknown>>,
  runnerLabels: readonly string[],
): string | null {
  const wanted = runsOn.map(foldLabel);
  const fits = (profile: string) => {
    const offered = runnerLabelsFor(profile, runnerLabels);
    return wanted.includes(foldLabel(profile)) && wanted.every((label) => offered.includes(label));
  };
  return Object.keys(profiles).find(fits) ?? null;
}
