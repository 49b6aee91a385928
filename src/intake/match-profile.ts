import { runnerLabelsFor } from '../config/profile.ts';

/**
 * The profile whose runner would be eligible for a job: the job names the profile's label, and every label it
 * names is one that such a runner has, in whatever case. A job that shares one label with a hosted image gets
 * none, nor does one without labels (`runs-on: {group: …}` alone cannot be told apart from others' jobs).
 * Of several profiles the first in the config wins.
 */
export function matchProfile(
  runsOn: readonly string[],
  profiles: Readonly<Record<string, unknown>>,
  runnerLabels: readonly string[],
): string | null {
  const wanted = runsOn.map((label) => label.toLowerCase());
  const fits = (profile: string) => {
    const offered = runnerLabelsFor(profile, runnerLabels);
    return wanted.includes(profile.toLowerCase()) && wanted.every((label) => offered.includes(label));
  };
  return Object.keys(profiles).find(fits) ?? null;
}
