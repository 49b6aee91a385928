// @ts-check

/**
 * How a job ended, or how far it is, in the one closed set that every list, page, metric and file uses.
 *
 * @typedef {import('../../machines/failure.ts').Blame} Blame
 * @typedef {import('../../machines/failure.ts').Failure} Failure
 * @typedef {import('../store/tables/journal.ts').TellableEnd} TellableEnd
 * @typedef {'waiting' | 'underWay' | TellableEnd['outcome']} Outcome
 */

/** @type {Record<Outcome, string>} */
const WORDS = {
  waiting: 'waiting',
  underWay: 'under way',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  lost: 'lost',
  notOurs: 'not ours',
  unknown: 'end unknown',
};

/** @type {Record<Blame, string>} */
const BLAMED = {
  us: 'this daemon',
  host: 'the host',
  image: 'the image',
  github: 'GitHub',
  job: 'the job itself',
  operator: 'an operator',
};

/** Returns who is to blame, in words. @param {Blame} blame */
export const blameWord = (blame) => BLAMED[blame];

/** Returns an outcome in one or two words. @param {Outcome} outcome */
export const outcomeWord = (outcome) => WORDS[outcome];

/** Whose fault an end was, in words; empty where it was none. @param {Pick<TellableEnd, 'outcome' | 'blame'>} end */
export function faultWords({ outcome, blame }) {
  if (blame === null) return outcome === 'failed' ? 'nobody can tell why' : '';
  if (blame === 'job') return 'by itself';
  return blame === 'operator' ? 'by an operator' : `${blameWord(blame)}'s fault`;
}

/**
 * Returns an outcome in words, with whose fault it was: `lost, the host's fault`.
 * @param {Pick<TellableEnd, 'blame'> & { outcome: Outcome }} end
 */
export function outcomeWords({ outcome, blame }) {
  if (outcome === 'waiting' || outcome === 'underWay' || outcome === 'notOurs') return WORDS[outcome];
  const fault = faultWords({ outcome, blame });
  if (outcome === 'cancelled' && blame === null) return 'cancelled at GitHub';
  if (outcome === 'failed' && blame === 'job') return `failed ${fault}`;
  return fault ? `${WORDS[outcome]}, ${fault}` : WORDS[outcome];
}

/**
 * Returns how a job that is over ended. Journals of earlier versions do not say; there GitHub's conclusion is all that
 * is known.
 * @param {{
 *   state: string,
 *   end?: TellableEnd,
 *   context: { job?: { status?: string, conclusion?: string | null }, failure?: Failure | null },
 * }} seen
 * @returns {TellableEnd}
 */
export function endOfSeen({ state, end, context: { job, failure = null } }) {
  if (end) return end;
  if (state === 'failed') {
    const outcome = failure?.code === 'OPERATOR_CANCELLED' ? 'cancelled' : 'unknown';
    return { outcome, blame: failure?.blame ?? null, cause: failure };
  }
  /** @type {(outcome: TellableEnd['outcome'], blame?: Blame | null) => TellableEnd} */
  const told = (outcome, blame = null) => ({ outcome, blame, cause: null });
  if (job?.status !== 'completed') return told('notOurs');
  if (job.conclusion === 'success' || job.conclusion === 'neutral') return told('succeeded');
  if (job.conclusion === 'cancelled' || job.conclusion === 'skipped') return told('cancelled');
  return job.conclusion ? told('failed', 'job') : told('unknown');
}
