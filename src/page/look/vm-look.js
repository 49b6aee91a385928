import { TokenWanted } from '../session/api.js';

/**
 * @typedef {import('./why-no-look.js').Look} Look
 */

/**
 * What was seen of a job's VM when a person asked. It is in the memory of this tab only, and what was seen last stays
 * until something newer is seen.
 */
export class VmLook {
  #api;
  #id;
  /** @type {import('../session/api.js').Answers['/api/jobs/:id/log'] | null} */
  log = null;
  /** `at` in epoch ms. @type {{ url: string, vmName: string, at: number } | null} */
  screen = null;
  /** Why the last question had no answer. @type {Record<Look, string | null>} */
  why = { log: null, screen: null };
  /** Which questions are under way. @type {Record<Look, boolean>} */
  isAsking = { log: false, screen: false };
  /** Whether the screen is shown in its own size. */
  isFull = false;
  #isForgotten = false;

  /** @param {import('../session/api.js').Api} api @param {number} id of the job */
  constructor(api, id) {
    this.#api = api;
    this.#id = id;
  }

  /** Rejects only when the daemon wants a token. @param {Look} what @param {string} vmName */
  async ask(what, vmName) {
    if (this.isAsking[what]) return;
    this.isAsking[what] = true;
    try {
      if (what === 'log') this.log = await this.#api.get('/api/jobs/:id/log', { id: this.#id });
      else await this.#askScreen(vmName);
      this.why[what] = null;
    } catch (error) {
      if (error instanceof TokenWanted) throw error;
      this.why[what] = error instanceof Error ? error.message : String(error);
    } finally {
      this.isAsking[what] = false;
    }
  }

  /** @param {string} vmName */
  async #askScreen(vmName) {
    const { picture, at } = await this.#api.picture('/api/jobs/:id/screen', { id: this.#id });
    if (this.#isForgotten) return;
    this.#free();
    this.screen = { url: URL.createObjectURL(picture), vmName, at };
  }

  /** The job is not shown any more: an answer that is still under way shows no screen. */
  forget() {
    this.#isForgotten = true;
    this.#free();
  }

  /** The browser would keep the picture as long as the page is open. */
  #free() {
    if (this.screen) URL.revokeObjectURL(this.screen.url);
    this.screen = null;
  }
}
