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

/** What is drawn on a machine's chart as its world: hosts and webhooks are marks that stand in for jobs. */
export function worldOnChart(id, { world, sources, past }) {
  if (id === 'job') return world;
  const stands = id === 'host' ? [...world.hosts.values()] : past ? [] : ofNow(id, sources);
  return {
    jobs: new Map(stands.map(({ name, state }) => [`${id}:${name}`, standIn(`${id}:${name}`, name, state)])),
    ended: [],
  };
}

/** The journal does not tell how webhooks and breakers stood. A breaker that is closed is not drawn. */
function ofNow(id, sources) {
  if (id === 'breaker') return sources?.breakers ?? [];
  return sources?.webhooks ? [{ name: 'webhooks', state: sources.webhooks.state }] : [];
}

function standIn(key, name, state) {
  return { key, jobId: 0, state, context: { job: { name } } };
}
