import type { Manners } from './scenario.ts';

/** No runner misbehaves. */
export const WELL_BEHAVED: Manners = {
  neverConnects: 0,
  exitsEarly: 0,
  staysForEver: 0,
  diesInJob: 0,
  clockSkewed: 0,
  ignoresJobs: 0,
};
