import type { VmImage } from '../../../../machines/job/context.ts';
import type { Config } from '../../../config/schema.ts';
import type { Hosts } from '../../../hosts/hosts.ts';
import type { Pulls } from '../../../hosts/pulls.ts';
import type { ImageRollouts } from '../../../images/image-rollouts.ts';
import { type ImageState, imageState } from '../../../journal/entries/image-entries.ts';
import type { Store } from '../../../store/store.ts';
import type { Rollout } from '../../../store/tables/hosts/rollouts.ts';
import type { BaseVms } from '../../../upkeep/bases/base-vms.ts';
import type { RunnerVersions } from '../../../upkeep/runner-versions.ts';

/** One image of a profile. */
export interface ImageVersionView {
  /** How it is used; `onHosts` where the agents alone decide that. */
  role: 'current' | 'trial' | 'previous' | 'refused' | 'onHosts';
  /** Null where no host has said it yet. */
  digest: string | null;
  reference: string;
  /** Hosts on which VMs are made from it without a pull. */
  hosts: string[];
  /** The version of the runner that a probe found in it. */
  runner: string | null;
  /** Epoch ms from which GitHub refuses that runner; null when that is not known. */
  runnerEndsAt: number | null;
  /** VMs of it that came to work, and that failed; null where they are not counted. */
  served: number | null;
  failed: number | null;
}

/** The images of one profile. */
export interface ImageView {
  profile: string;
  /** As the config names it. */
  image: string;
  state: ImageState | 'unseen' | 'atOnce';
  /** What is going on or was decided last, and why. */
  sentence: string;
  versions: ImageVersionView[];
}

export interface ImageViewParts {
  config: Pick<Config, 'labels'>;
  rollouts: Pick<ImageRollouts, 'whyNot' | 'progress' | 'referenceFor'>;
  bases: Pick<BaseVms, 'view'>;
  pulls: Pick<Pulls, 'view'>;
  hosts: Pick<Hosts, 'all'>;
  store: Pick<Store, 'rollouts'>;
  versions: Pick<RunnerVersions, 'all' | 'endsAt'>;
}

/** Which image of each profile serves where, its runner, and how a trial of the next one goes. */
export function imageViews(parts: ImageViewParts): ImageView[] {
  const { config, rollouts, store } = parts;
  return Object.entries(config.labels).map(([profile, { image }]) => {
    const whyNot = rollouts.whyNot(profile);
    const rollout = store.rollouts.of(profile);
    if (whyNot !== null)
      return { profile, image, state: 'atOnce', sentence: whyNot, versions: onHosts(parts, profile, image) };
    if (rollout === null)
      return {
        profile,
        image,
        state: 'unseen',
        sentence: 'No host has said yet which digest it has.',
        versions: [],
      };
    const sentence = rollouts.progress(profile) ?? rollout.last.why;
    return {
      profile,
      image,
      state: imageState(rollout),
      sentence,
      versions: versionsOf(parts, profile, rollout),
    };
  });
}

function versionsOf(parts: ImageViewParts, profile: string, rollout: Rollout): ImageVersionView[] {
  const { current, trial, previous, refused } = rollout;
  const uncounted = { runner: null, served: null, failed: null };
  const all = [
    { role: 'current' as const, ...current },
    ...(trial ? [{ role: 'trial' as const, ...trial }] : []),
    ...(previous ? [{ role: 'previous' as const, ...uncounted, ...previous }] : []),
    ...(refused ? [{ role: 'refused' as const, ...uncounted, ...refused }] : []),
  ];
  return all.map(({ role, reference, digest, runner, served, failed }) => ({
    ...{ role, digest, reference, runner, served, failed },
    runnerEndsAt: runner === null ? null : parts.versions.endsAt(runner),
    hosts: hostsWith(parts, profile, { reference, digest }),
  }));
}

function hostsWith(
  { hosts, bases, pulls, rollouts }: ImageViewParts,
  profile: string,
  image: VmImage,
): string[] {
  const reference = rollouts.referenceFor(image);
  return [...hosts.all()].flatMap(({ name }) => {
    const hasBase = bases
      .view(name)
      .some((base) => base.profile === profile && base.digest === image.digest && base.state === 'ready');
    const isPulled = pulls
      .view(name)
      .some((pull) => pull.image === reference && pull.digest === image.digest && pull.state === 'ready');
    return hasBase || isPulled ? [name] : [];
  });
}

/** What each agent said at the last pull: a host still has the previous image of a tag that moved since. */
function onHosts(
  { hosts, pulls, versions }: ImageViewParts,
  profile: string,
  image: string,
): ImageVersionView[] {
  const by = new Map<string | null, string[]>();
  for (const { name } of hosts.all()) {
    const pull = pulls.view(name).find((one) => one.image === image && one.state === 'ready');
    if (pull) by.set(pull.digest, [...(by.get(pull.digest) ?? []), name]);
  }
  const seen = versions.all().find((one) => one.profile === profile);
  const runner = { runner: seen?.version ?? null, runnerEndsAt: seen?.endsAt ?? null };
  if (by.size === 0 && seen) by.set(null, []);
  return [...by].map(([digest, on]) => ({
    ...{ role: 'onHosts' as const, digest, reference: image, hosts: on, served: null, failed: null },
    // Which of several images the runner was seen in is not known.
    ...(by.size === 1 ? runner : { runner: null, runnerEndsAt: null }),
  }));
}
