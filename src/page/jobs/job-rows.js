import { endOfSeen } from '../../journal/outcome.js';
import { holdsItsJob } from '../../journal/overview.js';

/**
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../journal/overview.js').SeenJob} SeenJob
 * @typedef {import('../session/session.js').Session} Session
 * @typedef {Session['waiting'][number]} Waiting
 *
 * @typedef {Omit<SeenJob, 'event' | 'context'> & {
 *   context: { job?: Partial<NonNullable<SeenJob['context']['job']>> } & Pick<SeenJob['context'], 'failure' | 'phase' | 'vm'>
 * }} RowJob a job that is not served has fewer facts
 *
 * @typedef {object} Row
 * @property {RowJob} job
 * @property {Waiting | null} why it waits
 * @property {'live' | 'unserved' | 'ended'} kind
 */

/**
 * Every live job, every job that is not served here and the last ended ones, each once. The teardown of a VM
 * whose job went on elsewhere has a mark on the chart and no row.
 * @param {Pick<Session, 'waiting' | 'unserved'> & { overview: Overview, isPast: boolean }} view
 * @returns {Row[]}
 */
export function rowsOf({ overview, waiting, unserved, isPast }) {
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
  const elsewhere = (isPast ? [] : unserved).map(({ jobId, queuedAt, ...facts }) => {
    const key = `unserved-${jobId}`;
    const context = { job: { ...facts, id: jobId, queuedAt, profile: '' } };
    const job = {
      key,
      jobId,
      attempt: 0,
      host: null,
      state: 'not ours',
      enteredAt: queuedAt,
      at: queuedAt,
      context,
    };
    return row('unserved', job, why.get(key));
  });
  return [...live, ...overview.ended.map((job) => row('ended', job)), ...elsewhere];
}

/** @param {Row['kind']} kind @param {RowJob} job @param {Waiting} [why] @returns {Row} */
const row = (kind, job, why) => ({ kind, job, why: why ?? null });

/** @param {Row} row */
const queuedAt = ({ job }) => job.context.job?.queuedAt ?? job.enteredAt;

/** @typedef {'all' | 'live' | 'waiting' | 'failed' | 'ended'} Filter */

/** @type {Record<Filter, { label: string, test: (row: Row) => boolean }>} */
export const FILTERS = {
  all: { label: 'All', test: () => true },
  live: { label: 'Live', test: ({ kind }) => kind === 'live' },
  waiting: {
    label: 'Waiting',
    test: ({ kind, job }) => kind === 'live' && (job.state === 'queued' || /waiting|blocked/.test(job.state)),
  },
  failed: {
    label: 'Failed',
    test: ({ kind, job }) => kind === 'ended' && ['lost', 'failed'].includes(endOfSeen(job).outcome),
  },
  ended: { label: 'Ended', test: ({ kind }) => kind === 'ended' },
};

/** In the order of the page. @type {Filter[]} */
export const FILTER_NAMES = ['all', 'live', 'waiting', 'failed', 'ended'];

/** Whether each word of a search is somewhere in a row. @param {Row} row @param {string} search */
export function matches({ job, why }, search) {
  if (search.trim() === '') return true;
  const {
    owner = '',
    repository = '',
    workflow = '',
    name = '',
    labels = [],
    profile = '',
  } = job.context.job ?? {};
  const text = [
    job.jobId,
    `${owner}/${repository}`,
    workflow,
    name,
    labels.join(' '),
    profile,
    job.host ?? '',
    job.state,
    job.context.failure?.code ?? '',
    why?.sentence ?? '',
  ];
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.join(' ').toLowerCase().includes(word));
}
