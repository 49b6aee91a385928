import { endOfSeen, outcomeWords } from '../../journal/outcome.js';

/**
 * Which jobs the list shows.
 *
 * @typedef {import('./job-rows.js').Row} Row
 * @typedef {'all' | 'live' | 'waiting' | 'failed' | 'ended'} Filter
 */

/** @type {Record<Filter, { label: string, test: (row: Row) => boolean }>} */
export const FILTERS = {
  all: { label: 'All', test: () => true },
  live: { label: 'Live', test: ({ kind }) => kind === 'live' },
  waiting: {
    label: 'Waiting',
    test: ({ kind, job }) => kind === 'live' && (job.state === 'queued' || /waiting|blocked/.test(job.state)),
  },
  failed: {
    label: 'Failed or lost',
    test: ({ kind, job }) => kind === 'ended' && ['lost', 'failed'].includes(endOfSeen(job).outcome),
  },
  ended: { label: 'Ended', test: ({ kind }) => kind === 'ended' },
};

/** In the order of the page. @type {Filter[]} */
export const FILTER_NAMES = ['all', 'live', 'waiting', 'failed', 'ended'];

/** Returns whether each word of a search is somewhere in a row. @param {Row} row @param {string} search */
export function matches({ job, why, kind }, search) {
  if (search.trim() === '') return true;
  const {
    owner = '',
    repository = '',
    workflow = '',
    name = '',
    commit,
    branch,
    labels = [],
    profile = '',
  } = job.context.job ?? {};
  const text = [
    job.jobId,
    `${owner}/${repository}`,
    workflow,
    name,
    commit ?? '',
    branch ?? '',
    labels.join(' '),
    profile,
    job.host ?? '',
    job.state,
    job.context.failure?.code ?? '',
    why?.sentence ?? '',
    kind === 'ended' ? outcomeWords(endOfSeen(job)) : '',
  ];
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.join(' ').toLowerCase().includes(word));
}
