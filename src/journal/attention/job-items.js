// @ts-check
import { counted, span, webAddress } from '../../format.js';
import { endOfSeen } from '../outcome.js';
import { whoActs } from '../story/who-acts.js';

/**
 * What needs a person of the jobs themselves: those that were lost or given up, that fail again and again, and that
 * wait too long.
 *
 * @typedef {import('../overview.js').Overview} Overview
 * @typedef {import('../overview.js').SeenJob} SeenJob
 * @typedef {import('./item.ts').Item} Item
 */

/** Failed attempts of a job after which a person has to look. */
const FAILED_OFTEN = 3;

/** @param {SeenJob} job @returns {Item[]} */
export function itemOfEnded(job) {
  const { outcome, cause } = endOfSeen(job);
  const isGivenUp = job.state === 'failed' && outcome === 'notOurs' && cause !== null;
  if (outcome !== 'lost' && !isGivenUp) return [];
  const { name, owner, repository, url } = job.context.job ?? {};
  const why = cause ? ` ${cause.code}: ${cause.message}` : '';
  return [
    {
      key: `ended ${job.jobId}`,
      kind: 'job',
      mood: outcome === 'lost' ? 'bad' : 'warn',
      what: `Job ${name || job.jobId}`,
      sentence: `${outcome === 'lost' ? 'It was lost while it ran.' : 'It was given up.'}${why}`,
      whom: `${owner}/${repository}`,
      act: outcome === 'lost' ? 'Run the job again at GitHub.' : 'Remove the cause, then serve it again.',
      since: job.at,
      shows: { view: 'job', jobId: job.jobId },
      link: webAddress(url),
    },
  ];
}

/**
 * Jobs whose attempts fail again and again, by profile. An open breaker of the profile says more, so it is shown alone;
 * where the failures are on several hosts, it opens later.
 * @param {Overview} overview @returns {Item[]}
 */
export function itemsOfFailing({ jobs, breakers }) {
  const failing = [...jobs.values()]
    .flatMap(({ jobId, at, context: { job } }) =>
      job?.lastFailure && job.attemptsFailed >= FAILED_OFTEN
        ? [{ jobId, at, job, last: job.lastFailure }]
        : [],
    )
    .sort((one, other) => other.at - one.at);
  /** @param {string} profile */
  const isHeldBack = (profile) =>
    [...breakers.values()].some(
      ({ about, name }) =>
        (about === 'profile' && name === profile) || (about === 'pair' && name.startsWith(`${profile} on `)),
    );
  const profiles = [...new Set(failing.map(({ job }) => job.profile))];
  return profiles.flatMap((profile) => {
    const its = failing.filter(({ job }) => job.profile === profile);
    const [newest] = its;
    if (!newest || isHeldBack(profile)) return [];
    const { jobId, last, job } = newest;
    const many =
      its.length === 1
        ? `${counted(job.attemptsFailed, 'attempt')} of one of them failed.`
        : `${its.length} of them had ${FAILED_OFTEN} or more failed attempts.`;
    const actor = whoActs(last.blame);
    return [
      {
        key: `failing ${profile}`,
        kind: 'scope',
        mood: 'warn',
        what: `Jobs of ${profile}`,
        sentence: `${many} The last failure: ${last.code}: ${last.message}`,
        whom: `jobs of the profile ${profile}`,
        act: actor && `${actor.charAt(0).toUpperCase()}${actor.slice(1)}.`,
        since: null,
        shows: its.length === 1 ? { view: 'job', jobId } : { view: 'jobs', filter: 'waiting' },
        link: null,
      },
    ];
  });
}

/** @param {{ profile: string, since: number }} wait @param {number} now @returns {Item} */
export function itemOfWait({ profile, since }, now) {
  return {
    key: `wait ${profile}`,
    kind: 'wait',
    mood: 'warn',
    what: `Jobs of ${profile}`,
    sentence: `The oldest of them has waited for a slot for ${span(now - since)}.`,
    whom: `jobs of the profile ${profile}`,
    act: 'The operator: "jeballto-runner jobs" says what each of them waits for.',
    since,
    shows: { view: 'jobs', filter: 'waiting' },
    link: null,
  };
}
