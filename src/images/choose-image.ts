import type { VmImage } from '../../machines/job/context.ts';
import type { Rollout } from '../store/tables/hosts/rollouts.ts';

/** An image that a host should have; `previous` only until it has the current one. */
export interface WantedImage extends VmImage {
  role: 'current' | 'trial' | 'previous';
}

const imageOf = ({ reference, digest }: VmImage): VmImage => ({ reference, digest });

/** The images of a profile that a host should have, the one in use first. */
export function wantedImages({ current, previous, trial }: Rollout, host: string): WantedImage[] {
  return [
    { ...imageOf(current), role: 'current' },
    ...(trial?.host === host ? [{ ...imageOf(trial), role: 'trial' } as const] : []),
    ...(previous === null ? [] : [{ ...imageOf(previous), role: 'previous' } as const]),
  ];
}

/**
 * Decides which image the next VM of a profile on a host is made from. `isReady`: VMs can be made from an image
 * there without a pull. `isTried`: in a VM of the tried image no runner has been online yet. The tried image gets
 * one VM at a time, so that a bad one costs one slot; after one of its VMs failed, the next VM there is one of the
 * old image, which shows whether the host is the cause. The previous image is used while the current one is not
 * there, so that no job waits for a pull.
 */
export function chooseImage(
  rollout: Rollout,
  host: string,
  { isReady, isTried }: { isReady(image: VmImage): boolean; isTried: boolean },
): VmImage {
  const { current, previous, trial } = rollout;
  if (trial && mayTry(rollout, host, isTried) && isReady(trial)) return imageOf(trial);
  if (previous !== null && !isReady(current) && isReady(previous)) return imageOf(previous);
  return imageOf(current);
}

/** Whether the next VM on this host may be one of the tried image. */
export function mayTry({ trial }: Rollout, host: string, isTried: boolean): boolean {
  return trial?.host === host && trial.doubt === null && !isTried;
}
