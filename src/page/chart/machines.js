/** The machines that a page can show, with what stands in their states. */
const MACHINES = {
  job: { tab: 'Jobs', nouns: ['job', 'jobs'] },
  host: { tab: 'Hosts', nouns: ['host', 'hosts'] },
  webhooks: { tab: 'Webhooks', nouns: ['mark', 'marks'] },
  breaker: { tab: 'Breakers', nouns: ['breaker', 'breakers'] },
};

export function machineWords(id) {
  return MACHINES[id] ?? { tab: id, nouns: ['mark', 'marks'] };
}

/** What is drawn on a machine's chart as its overview: hosts, webhooks and breakers are marks that stand in for jobs. */
export function overviewOnChart(id, overview) {
  if (id === 'job') return overview;
  const stands = standsOf(id, overview);
  return {
    jobs: new Map(stands.map(({ name, state }) => [`${id}:${name}`, standIn(`${id}:${name}`, name, state)])),
    ended: [],
  };
}

/** A breaker that is closed is not drawn. */
function standsOf(id, { hosts, breakers, webhooks }) {
  if (id === 'host') return [...hosts.values()];
  if (id === 'breaker') return [...breakers.values()];
  return webhooks ? [{ name: 'webhooks', state: webhooks.state }] : [];
}

function standIn(key, name, state) {
  return { key, jobId: 0, state, context: { job: { name } } };
}
