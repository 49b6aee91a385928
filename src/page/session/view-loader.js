import { RANGES } from '../frame/ranges.js';
import { TokenWanted } from './api.js';

/**
 * What a view of figures shows. `at`: epoch ms of a moment of the past, or null.
 * @typedef {{ range: import('../frame/ranges.js').Range, at: number | null, by?: string }} Wanted
 */

/**
 * @typedef {object} Listeners
 * @property {() => void} onChange
 * @property {(error: TokenWanted) => void} onTokenWanted
 */

/** The part of a range by which the moment has to differ: it changes all the time while the past is played. */
const STEP = 0.01;

/**
 * Loads the figures of a view while it is shown, one request at a time. Nothing is loaded while the page is hidden.
 * @template Answer
 */
export class ViewLoader {
  #load;
  #pace;
  #onChange;
  #onTokenWanted;
  /** @type {Wanted | null} */
  #wanted = null;
  #wake = () => {};
  #isFollowing = false;
  isLoading = false;
  /** What was loaded last; null before that. @type {Answer | null} */
  answer = null;
  /** Why the last request failed. @type {string | null} */
  error = null;

  /**
   * @param {Listeners & {
   *   load: (wanted: Wanted) => Promise<Answer>,
   *   pace: (answer: Answer | null) => number | null,
   * }} how `pace`: milliseconds until the same is loaded again; null for never
   */
  constructor({ load, pace, onChange, onTokenWanted }) {
    this.#load = load;
    this.#pace = pace;
    this.#onChange = onChange;
    this.#onTokenWanted = onTokenWanted;
    document.addEventListener('visibilitychange', () => this.#wake());
  }

  /** Called with each drawing. @param {Wanted | null} wanted null while the view is not shown */
  follow(wanted) {
    if (isSame(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    this.#wake();
    if (wanted && !this.#isFollowing) void this.#keepLoading();
  }

  async #keepLoading() {
    this.#isFollowing = true;
    /** @type {Wanted | null} */
    let loaded = null;
    for (let wanted = this.#wanted; wanted; wanted = this.#wanted) {
      const pause = this.#pace(this.answer);
      if (document.hidden || (wanted === loaded && pause === null)) {
        await this.#pause(null);
        continue;
      }
      await this.#request(wanted);
      loaded = wanted;
      if (wanted === this.#wanted) await this.#pause(this.#pace(this.answer));
    }
    this.#isFollowing = false;
  }

  /** @param {Wanted} wanted */
  async #request(wanted) {
    this.isLoading = true;
    this.#onChange();
    try {
      this.answer = await this.#load(wanted);
      this.error = null;
    } catch (error) {
      if (error instanceof TokenWanted) {
        this.#wanted = null;
        this.#onTokenWanted(error);
      } else this.error = error instanceof Error ? error.message : String(error);
    }
    this.isLoading = false;
    this.#onChange();
  }

  /** Ends with the next wake at the latest. @param {number | null} ms null for no other end @returns {Promise<void>} */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = ms === null ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @param {Wanted | null} a @param {Wanted | null} b */
function isSame(a, b) {
  if (a === null || b === null || a.range !== b.range || a.by !== b.by) return a === b;
  if (a.at === null || b.at === null) return a.at === b.at;
  return Math.abs(a.at - b.at) < RANGES[a.range].ms * STEP;
}
