/**
 * What the browser's tab shows: the title with the number of things that need attention, and a red dot in the icon.
 */

const VIEWS = {
  overview: '',
  jobs: 'Jobs',
  job: 'Job',
  hosts: 'Hosts',
  trends: 'Trends',
  usage: 'Usage',
  chart: 'Chart',
};

/**
 * @param {import('./address.js').Place} place
 * @param {string} job name of the job that is shown
 * @param {number} count of what needs attention
 */
export function titleOf({ view, jobId }, job, count) {
  const what = view === 'job' ? job || `Job ${jobId}` : VIEWS[view];
  return `${count > 0 ? `(${count}) ` : ''}${what ? `${what} · ` : ''}jeballto-runner`;
}

const DRAWING =
  '<rect width="32" height="32" rx="8" fill="#2f6df6"/><circle cx="9" cy="16" r="3.5" fill="#fff"/><path d="M12.5 16h6" stroke="#fff" stroke-width="2.4"/><circle cx="22.5" cy="16" r="4.2" fill="none" stroke="#fff" stroke-width="2.4"/>';
const DOT = '<circle cx="24" cy="8" r="7.5" fill="#d92020" stroke="#fff" stroke-width="2"/>';

const MARKED = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${DRAWING}${DOT}</svg>`)}`;

/** @param {string} title @param {number} count of what needs attention */
export function showSigns(title, count) {
  if (document.title !== title) document.title = title;
  const icon = document.querySelector('link[rel=icon]');
  const href = count > 0 ? MARKED : '/favicon.svg';
  if (icon && icon.getAttribute('href') !== href) icon.setAttribute('href', href);
}
