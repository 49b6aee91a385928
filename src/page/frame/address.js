import { USAGE_BY } from '../../journal/usage/usage-by.js';
import { FILTER_NAMES } from '../jobs/filters.js';
import { tabOf } from '../jobs/tabs.js';
import { rangeIn } from './ranges.js';

/**
 * What the page shows, as its address says it, so that every view can be linked and the back button works.
 *
 * @typedef {'overview' | 'jobs' | 'job' | 'chart' | 'hosts' | 'trends' | 'usage'} View
 * @typedef {import('../jobs/filters.js').Filter} Filter
 *
 * @typedef {object} Place
 * @property {View} view
 * @property {number | null} jobId the job that is shown, or whose way is on the chart
 * @property {import('../jobs/tabs.js').Tab} tab of the job
 * @property {Filter} filter of the list
 * @property {string} search of the list
 * @property {import('./ranges.js').Range | null} range of the trends or the usage; null in other views
 * @property {string | null} host that a link led to
 * @property {import('../../journal/usage/usage-by.js').UsageBy} by what the usage is about
 * @property {number | null} at a moment of the past, epoch ms
 */

/** @type {Place} */
export const START = {
  view: 'overview',
  jobId: null,
  tab: 'history',
  filter: 'all',
  search: '',
  range: null,
  host: null,
  by: 'repository',
  at: null,
};

/** @type {Record<string, View>} */
const VIEWS = {
  '': 'overview',
  jobs: 'jobs',
  chart: 'chart',
  hosts: 'hosts',
  trends: 'trends',
  usage: 'usage',
};

/** An unknown address shows the overview. @param {string} hash such as `#/jobs?filter=failed` @returns {Place} */
export function placeOf(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const values = new URLSearchParams(query);
  const filter = FILTER_NAMES.find((name) => name === values.get('filter')) ?? START.filter;
  const more = {
    filter,
    search: values.get('q') ?? '',
    host: values.get('host'),
    by: USAGE_BY.find((name) => name === values.get('by')) ?? START.by,
    at: numberIn(values.get('at')),
  };
  const [, job = null, tab] = /^job\/(\d{1,16})(?:\/(\w+))?$/.exec(path) ?? [];
  if (job !== null) return { view: 'job', jobId: Number(job), tab: tabOf(tab), range: null, ...more };
  const view = VIEWS[path] ?? 'overview';
  const range = rangeIn(view, values.get('range'));
  return { view, jobId: numberIn(values.get('job')), tab: START.tab, range, ...more };
}

/** @param {Partial<Place>} place what is left out is as at the start */
export function addressOf(place) {
  const { view, jobId, tab, filter, search, range, host, by, at } = { ...START, ...place };
  const query = new URLSearchParams();
  if (filter !== START.filter) query.set('filter', filter);
  if (search !== '') query.set('q', search);
  if (view === 'chart' && jobId !== null) query.set('job', String(jobId));
  const start = rangeIn(view, null);
  if (start !== null && range !== null && range !== start) query.set('range', range);
  if (host !== null) query.set('host', host);
  if (view === 'usage' && by !== START.by) query.set('by', by);
  if (at !== null) query.set('at', String(Math.round(at)));
  const job = `job/${jobId}${tab === START.tab ? '' : `/${tab}`}`;
  const path = view === 'overview' ? '' : view === 'job' ? job : view;
  return `#/${path}${query.size > 0 ? `?${query}` : ''}`;
}

/** @param {string | null} text */
const numberIn = (text) => (text !== null && /^\d{1,16}$/.test(text) ? Number(text) : null);
