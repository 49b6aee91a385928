import { TokenWanted } from '../session/api.js';
import { SPANS } from './spans.js';

/**
 * @typedef {import('../session/api.js').Answers['/api/usage']} Usage
 */

/** The usage that is shown. The daemon reads its journal for it, so it is asked for once for each address. */
export class ShownUsage {
  #api;
  #onChange;
  /** What was asked for last, as text. */
  #asked = '';
  /** @type {Usage | null} */
  answer = null;
  /** Why there is no answer. @type {string | null} */
  why = null;
  isAsking = false;

  /** @param {import('../session/api.js').Api} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /**
   * Asks for what the address says. Rejects only when the daemon wants a token.
   * @param {import('../frame/address.js').Place} place @param {number} now epoch ms
   */
  async follow({ view, by, span, at }, now) {
    const asked = view === 'usage' ? [by, span, at].join(' ') : '';
    if (asked === this.#asked) return;
    this.#asked = asked;
    if (asked === '') return;
    const until = at ?? now;
    this.isAsking = true;
    this.#onChange();
    try {
      const answer = await this.#api.get('/api/usage', { by, since: until - SPANS[span].ms, until });
      if (asked === this.#asked) Object.assign(this, { answer, why: null });
    } catch (error) {
      if (asked !== this.#asked) return;
      this.#asked = '';
      if (error instanceof TokenWanted) throw error;
      this.why = error instanceof Error ? error.message : String(error);
    } finally {
      if (asked === this.#asked || this.#asked === '') this.isAsking = false;
      this.#onChange();
    }
  }
}
