import type { ImageRollouts } from './image-rollouts.ts';

/** For those who make no VM for a job, or leave to the agents which digest a tag has. */
export const NO_ROLLOUTS: Pick<
  ImageRollouts,
  'choose' | 'isRefused' | 'attempt' | 'wanted' | 'saw' | 'asks' | 'referenceFor'
> = {
  choose: () => null,
  isRefused: () => false,
  attempt: () => false,
  wanted: () => [],
  saw: () => undefined,
  asks: () => undefined,
  referenceFor: ({ reference }) => reference,
};
