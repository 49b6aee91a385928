import { z } from 'zod';

/** Programs that the probe of a guest asks for; a boot plan can remove them. */
export const GUEST_TOOLS = ['run.sh', 'config.sh', 'bash', 'git'] as const;

/** The ways in which the runner of an image can be unable to work. */
export const RUNNER_TROUBLES = ['badCpu', 'killed', 'diskFull', 'noDns', 'untrusted'] as const;

/**
 * How one boot of a VM goes. Everything that is left out succeeds. A plan is the `body` of a fault on `guest
 * boot <VM name>`, so that boots fail by name, count, time and probability like requests do.
 */
export const bootPlanSchema = z.strictObject({
  /** Milliseconds from `running` to the guest's address; `never` leaves it without one. */
  natMs: z.union([z.number().nonnegative(), z.literal('never')]).optional(),
  /** Milliseconds from `running` to sshd; `never` leaves the forwarded port silent. */
  sshdMs: z.union([z.number().nonnegative(), z.literal('never')]).optional(),
  /**
   * Milliseconds from each connection to its banner, for a slow guest. The agent waits four seconds for one.
   */
  bannerMs: z.number().nonnegative().optional(),
  /**
   * How many of its first connections make host keys, each its own; the last keys stay. Without it, the guest
   * has its image's keys.
   */
  makesHostKeys: z.int().nonnegative().optional(),
  /** The guest refuses every login. */
  refuseLogin: z.boolean().optional(),
  /** The image was built with a configured runner in it. */
  configured: z.boolean().optional(),
  runnerTrouble: z.enum(RUNNER_TROUBLES).optional(),
  missingTools: z.array(z.enum(GUEST_TOOLS)).optional(),
  /** The guest ends by itself: a shutdown leads to `stopped`, a kernel panic to `error`. */
  ends: z.strictObject({ how: z.enum(['shutdown', 'panic']), afterMs: z.number().nonnegative() }).optional(),
  /** Seconds by which the guest's `date` is ahead (or behind, when negative). */
  clockSkewSeconds: z.int().optional(),
});

export type BootPlan = z.infer<typeof bootPlanSchema>;
