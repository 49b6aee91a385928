// @ts-check

/** States of a host's machine in which it gets jobs unless it is cordoned; `proving`: one at a time. */
const TAKES_JOBS = ['healthy', 'proving'];

/** Returns whether a host in this state gets jobs as long as nobody cordons it. @param {string} state */
export const takesJobs = (state) => TAKES_JOBS.includes(state);
