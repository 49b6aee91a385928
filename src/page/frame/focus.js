/**
 * Where the keyboard is after the page shows something else: the focus would otherwise be lost with the element
 * that had it.
 *
 * @typedef {import('./address.js').Place} Place
 */

/**
 * After another view or job was chosen: its heading. A job that was closed gives the focus back to its row in the
 * list; the overview begins at its top, with what is wrong.
 * @param {Place} place @param {Place} before
 */
export function focusView(place, before) {
  const row =
    before.view === 'job' && place.view === 'jobs'
      ? document.querySelector(`tr[data-job="${before.jobId}"] a.title`)
      : null;
  const host =
    place.host && document.querySelector(`li.host[data-host="${CSS.escape(place.host)}"] [data-host-name]`);
  scrollTo(0, 0);
  for (const one of [row, host, heading()]) {
    if (!(one instanceof HTMLElement)) continue;
    one.focus({ preventScroll: one === heading() });
    return;
  }
}

/** The list of jobs where there is one, since the first job is one Tab behind it; the heading elsewhere. */
export function focusContent() {
  const list = document.querySelector('main .list-scroll');
  const target = list instanceof HTMLElement ? list : heading();
  target?.focus();
}

/** After a dialog closed whose button is gone. */
export function focusAfterDialog() {
  if (document.activeElement === document.body || document.activeElement === null) heading()?.focus();
}

/** @returns {HTMLElement | null} */
function heading() {
  return document.querySelector('main .job [data-heading]') ?? document.querySelector('main [data-heading]');
}
