import { BUSY_RUNNERS_AND_EVENTS } from './laws/busy-runners-and-events.ts';
import { CLOCKS } from './laws/clocks.ts';
import { CONTROLLERS_AND_STORE } from './laws/controllers-and-store.ts';
import { EFFECTS_AND_NAMES } from './laws/effects-and-names.ts';
import { ENDS_AND_FAILURES } from './laws/ends-and-failures.ts';
import { GUESTS_AND_WORDS } from './laws/guests-and-words.ts';
import { IMAGES } from './laws/images.ts';
import { ISOLATION } from './laws/isolation.ts';
import { READINESS } from './laws/readiness.ts';
import { SERVED_JOBS } from './laws/served-jobs.ts';
import type { Mutant } from './mutant.ts';

/** The mutants of all laws, in the order of the laws. */
export const MUTANTS: readonly Mutant[] = [
  ...EFFECTS_AND_NAMES,
  ...BUSY_RUNNERS_AND_EVENTS,
  ...ENDS_AND_FAILURES,
  ...SERVED_JOBS,
  ...CLOCKS,
  ...ISOLATION,
  ...READINESS,
  ...IMAGES,
  ...CONTROLLERS_AND_STORE,
  ...GUESTS_AND_WORDS,
];
