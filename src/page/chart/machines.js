/**
 * The machines whose charts the page shows, and what is in their states.
 *
 * @typedef {import('../../journal/overview.js').Overview} Overview
 *
 * @typedef {object} Occupant what a mark on a chart means: a job, or on other charts a host, a breaker or the webhooks
 * @property {string} key
 * @property {number} jobId 0 where it is not a job
 * @property {string} state
 * @property {import('../../journal/outcome.js').TellableEnd} [end] how it ended
 * @property {{ job?: { name: string, status?: string, conclusion?: string | null }, failure?: import('../../../machines/failure.ts').Failure | null, phase?: Pick<import('../../../machines/job/context.ts').JobContext['phase'], 'lastFailure'> }} context
 *
 * @typedef {object} Occupants
 * @property {Occupant[]} live
 * @property {Occupant[]} ended the newest first
 *
 * @typedef {object} MachineWords
 * @property {string} tab
 * @property {[one: string, many: string]} nouns
 */

/** @type {Record<string, MachineWords>} */
const MACHINES = {
  job: { tab: 'Jobs', nouns: ['job', 'jobs'] },
  host: { tab: 'Hosts', nouns: ['host', 'hosts'] },
  webhooks: { tab: 'Webhooks', nouns: ['mark', 'marks'] },
  breaker: { tab: 'Breakers', nouns: ['breaker', 'breakers'] },
};

/** @param {string} id of a machine */
export function machineWords(id) {
  return MACHINES[id] ?? { tab: id, nouns: ['mark', 'marks'] };
}

/**
 * Returns what is in the states of a machine.
 * @param {string} id of the machine @param {Overview} overview @returns {Occupants}
 */
export function occupantsOf(id, overview) {
  if (id === 'job') return { live: [...overview.jobs.values()], ended: overview.ended };
  const live = partsOf(id, overview).map(({ name, state }) => ({
    key: `${id}:${name}`,
    jobId: 0,
    state,
    context: { job: { name } },
  }));
  return { live, ended: [] };
}

/** A closed breaker is not in an overview. @param {string} id @param {Overview} overview */
function partsOf(id, { hosts, breakers, webhooks }) {
  if (id === 'host') return [...hosts.values()];
  if (id === 'breaker') return [...breakers.values()];
  return webhooks ? [{ name: 'webhooks', state: webhooks.state }] : [];
}
