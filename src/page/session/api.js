import { headerText } from '../../format.js';

/**
 * @typedef {import('../../http/admin/api/api-routes.ts').Answers} Answers
 * @typedef {import('../../http/admin/api/api-routes.ts').Readiness} Readiness
 * @typedef {import('../../journal/overview.js').Entry} Entry
 *
 * @typedef {object} Follower
 * @property {(entry: Entry) => void} onEntry
 * @property {() => void} onReset the daemon does not have the next entry of the stream: everything must be loaded again
 * @property {(connection: 'live' | 'lost') => void} onConnection
 */

/** Milliseconds before the stream is requested again; doubled after each failure, up to the longest pause. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** The daemon requires its admin token. */
export class TokenWanted extends Error {}

/** The API of the daemon that served this page. The token stays in this tab. */
export class Api {
  /** @returns {Record<string, string>} */
  get #headers() {
    const token = sessionStorage.getItem('token');
    return token ? { authorization: `Bearer ${token}` } : {};
  }

  /** @param {string} token */
  keepToken(token) {
    sessionStorage.setItem('token', token);
  }

  /**
   * @template {keyof Answers} Route
   * @param {Route} route such as `/api/jobs/:id`
   * @param {Record<string, string | number>} [values] for the names in the route; the others go into the query
   * @returns {Promise<Answers[Route]>}
   */
  async get(route, values = {}) {
    return read(await request(addressOf(route, values), { headers: this.#headers }));
  }

  /**
   * A picture, and the instant (epoch ms) at which it was taken.
   * @param {string} route @param {Record<string, string | number>} values
   */
  async picture(route, values) {
    const response = await request(addressOf(route, values), { headers: this.#headers });
    if (!response.ok) await read(response);
    return { picture: await response.blob(), at: Date.parse(response.headers.get('last-modified') ?? '') };
  }

  /** @returns {Promise<Readiness>} */
  async readiness() {
    return (await request('/readyz', { headers: this.#headers })).json();
  }

  /**
   * Gives an order; returns the response.
   * @param {string} path @param {string} by name of the operator, for the journal
   */
  async order(path, by) {
    const headers = { ...this.#headers, 'x-operator': headerText(by) };
    return read(await request(path, { method: 'POST', headers }));
  }

  /**
   * Follows the journal from after an entry on, for ever, and goes on after each interruption where it was:
   * not by EventSource, which cannot send the token.
   * @param {number} after sequence number
   * @param {Follower} follower
   */
  async follow(after, { onEntry, onReset, onConnection }) {
    let last = after;
    let pause = FIRST_PAUSE;
    for (;;) {
      try {
        const headers = { ...this.#headers, 'last-event-id': String(last) };
        const response = await fetch('/api/events', { headers });
        if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
        onConnection('live');
        pause = FIRST_PAUSE;
        for await (const { event, data } of eventsOf(response.body)) {
          if (event === 'reset') return onReset();
          if (event !== 'entry') continue;
          /** @type {Entry} */
          const entry = JSON.parse(data);
          last = entry.seq;
          onEntry(entry);
        }
      } catch {
        // The next try shows whether the daemon responds again.
      }
      onConnection('lost');
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE, pause * 2);
    }
  }
}

/** @param {string} route @param {Record<string, string | number>} values */
function addressOf(route, values) {
  const query = new URLSearchParams();
  let path = route;
  for (const [name, value] of Object.entries(values)) {
    if (route.includes(`:${name}`)) path = path.replace(`:${name}`, encodeURIComponent(value));
    else query.set(name, String(value));
  }
  return query.size > 0 ? `${path}?${query}` : path;
}

/**
 * The browser's own message for a lost connection does not say what is lost.
 * @param {string} path
 * @param {RequestInit} options
 */
async function request(path, options) {
  try {
    return await fetch(path, options);
  } catch {
    throw new Error('The daemon does not respond.');
  }
}

/** @param {Response} response */
async function read(response) {
  const answer = await response
    .json()
    .catch(() => ({ message: `The daemon returned status ${response.status}.` }));
  if (response.status === 401) throw new TokenWanted(answer.message);
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/** Server-sent events. @param {ReadableStream<Uint8Array<ArrayBuffer>>} body */
async function* eventsOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const fields = part.split('\n').map((line) => /^(\w+): ?(.*)$/.exec(line) ?? []);
      /** @param {string} name */
      const of = (name) => fields.filter(([, key]) => key === name).map(([, , text = '']) => text);
      yield { event: of('event')[0], data: of('data').join('\n') };
    }
  }
}
