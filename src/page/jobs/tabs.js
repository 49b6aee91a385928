/** @typedef {'history' | 'sequence' | 'look' | 'calls' | 'evidence' | 'context'} Tab of a job */

/** In the order of the page. @type {[tab: Tab, label: string][]} */
export const TABS = [
  ['history', 'What happened'],
  ['sequence', 'Sequence'],
  ['look', 'Log and screen'],
  ['calls', 'Calls'],
  ['evidence', 'Evidence'],
  ['context', 'Context'],
];

/** Returns the tab of this name; the first one where there is none. @param {string | undefined} name @returns {Tab} */
export const tabOf = (name) => TABS.find(([tab]) => tab === name)?.[0] ?? 'history';
