/** Seeds that once broke a law, with what they found; each has to run clean for ever. */
export const RECORDED_SEEDS: { seed: number; found: string }[] = [
  {
    seed: 2454,
    found: 'the check of law 8 took the end of a full host for a deadline that a restart extended',
  },
  { seed: 20311, found: 'a delivery that the closing store had refused was acknowledged in its second copy' },
  {
    seed: 109,
    found: 'the collector deleted what had been started since it had looked, while GitHub was slow',
  },
  {
    seed: 44,
    found:
      'nothing in the daemon: a simulated runner whose power was cut while it was idle asked for work for ever',
  },
];
