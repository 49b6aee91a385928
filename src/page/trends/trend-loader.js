/**
 * @typedef {import('../session/api.js').Answers['/api/trends']} Trends
 * @typedef {{ range: Trends['range'], at: number | null }} Wanted `at`: epoch ms of a moment of the past
 */

/** Milliseconds between two loads: the shortest point is a minute. */
const PACE = 30_000;
/** The same while the daemon still reads its journal. */
const READING_PACE = 500;
/** Milliseconds by which the moment that is shown has to differ: it changes all the time while the past is played. */
const MOMENT = 60_000;

/** Keeps the trends up to date while they are shown. */
export class TrendLoader {
  #api;
  #onChange;
  /** @type {Wanted | null} */
  #wanted = null;
  #isLoading = false;
  #wake = () => {};
  /** Null before the first answer. @type {Trends | null} */
  answer = null;
  /** @type {string | null} */
  error = null;

  /** @param {import('../session/api.js').Api} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** Called with each drawing. @param {Wanted | null} wanted null while the trends are not shown */
  follow(wanted) {
    if (isSame(wanted, this.#wanted)) return;
    this.#wanted = wanted;
    this.#wake();
    if (wanted && !this.#isLoading) void this.#keepLoading();
  }

  async #keepLoading() {
    this.#isLoading = true;
    for (let wanted = this.#wanted; wanted; wanted = this.#wanted) {
      const { range, at } = wanted;
      try {
        this.answer = await this.#api.get('/api/trends', {
          range,
          ...(at !== null && { at: Math.round(at) }),
        });
        this.error = null;
      } catch (error) {
        this.error = error instanceof Error ? error.message : String(error);
      }
      this.#onChange();
      if (wanted === this.#wanted)
        await this.#pause(this.answer && this.answer.read < 1 ? READING_PACE : PACE);
    }
    this.#isLoading = false;
  }

  /** @param {number} ms @returns {Promise<void>} */
  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @param {Wanted | null} a @param {Wanted | null} b */
function isSame(a, b) {
  if (a === null || b === null || a.range !== b.range) return a === b;
  if (a.at === null || b.at === null) return a.at === b.at;
  return Math.abs(a.at - b.at) < MOMENT;
}
