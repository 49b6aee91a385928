/** Seeds that once broke a law, with what they found; each has to run clean for ever. */
export const RECORDED_SEEDS: { seed: number; found: string }[] = [];
