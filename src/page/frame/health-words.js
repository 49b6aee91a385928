/**
 * @typedef {import('../../http/admin/api/api-routes.ts').Readiness} Readiness
 *
 * @typedef {object} HealthWords
 * @property {'good' | 'warn' | 'bad'} mood
 * @property {string} word
 * @property {{ text: string, stops: boolean }[]} lines what is in trouble and who must act, the worst first
 */

/** What the daemon says of its health, in the words of the page. @param {Readiness} readiness @returns {HealthWords} */
export function healthWords({ ready, degraded, scopes = [] }) {
  const lines = scopes.map(({ sentence, whoActs, stops }) => ({
    text: `${sentence.replace(/\.$/, '')}. Who must act: ${whoActs}`,
    stops,
  }));
  if (!ready) return { mood: 'bad', word: 'not ready', lines };
  return degraded ? { mood: 'warn', word: 'degraded', lines } : { mood: 'good', word: 'ready', lines };
}
