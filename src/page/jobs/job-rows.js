import { holdsItsJob } from '../../journal/overview.js';

/**
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../journal/overview.js').SeenJob} SeenJob
 * @typedef {import('../session/session.js').Session} Session
 * @typedef {Session['waiting'][number]} Waiting
 *
 * @typedef {Omit<SeenJob, 'event' | 'context'> & {
 *   context: { job?: Partial<NonNullable<SeenJob['context']['job']>> } & Pick<SeenJob['context'], 'failure' | 'phase' | 'vm' | 'hold'>
 * }} RowJob a job that is not served has fewer facts
 *
 * @typedef {object} Row
 * @property {RowJob} job
 * @property {Waiting | null} why it waits
 * @property {'live' | 'unserved' | 'ended'} kind
 */

/**
 * Every live job and the last ended ones, each once. The teardown of a VM whose job went on elsewhere has a mark
 * on the chart and no row.
 * @param {Pick<Session, 'waiting'> & { overview: Overview, isPast: boolean }} view
 * @returns {Row[]}
 */
export function rowsOf({ overview, waiting, isPast }) {
  const why = new Map(isPast ? [] : waiting.map((one) => [one.key, one]));
  const live = [...overview.jobs.values()]
    .filter((job) => job.jobId === 0 || holdsItsJob(job))
    .map((job) => row('live', job, why.get(job.key)));
  /** @param {Row} row */
  const position = (row) => row.why?.position ?? 0;
  /** @param {Row} row */
  const isQueued = ({ job }) => job.state === 'queued';
  live.sort(
    (a, b) =>
      Number(isQueued(a)) - Number(isQueued(b)) || position(a) - position(b) || queuedAt(a) - queuedAt(b),
  );
  return [...live, ...overview.ended.map((job) => row('ended', job))];
}

/**
 * The jobs that GitHub has queued and that this daemon does not serve. The journal does not have them.
 * @param {Pick<Session, 'waiting' | 'unserved'> & { isPast: boolean }} view
 * @returns {Row[]}
 */
export function notOursOf({ waiting, unserved, isPast }) {
  const why = new Map(waiting.map((one) => [one.key, one]));
  return (isPast ? [] : unserved).map(({ jobId, queuedAt, ...facts }) => {
    const key = `unserved-${jobId}`;
    const context = { job: { ...facts, id: jobId, queuedAt, profile: '' } };
    const stay = { state: 'not ours', enteredAt: queuedAt, at: queuedAt };
    return row('unserved', { key, jobId, attempt: 0, host: null, ...stay, context }, why.get(key));
  });
}

/** @param {Row['kind']} kind @param {RowJob} job @param {Waiting} [why] @returns {Row} */
const row = (kind, job, why) => ({ kind, job, why: why ?? null });

/** @param {Row} row */
const queuedAt = ({ job }) => job.context.job?.queuedAt ?? job.enteredAt;
