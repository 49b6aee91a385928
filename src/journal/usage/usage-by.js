// @ts-check

/** What a row of the usage may be about. */
export const USAGE_BY = /** @type {const} */ (['repository', 'profile', 'host']);

/** @typedef {(typeof USAGE_BY)[number]} UsageBy */
