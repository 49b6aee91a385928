/**
 * @typedef {import('./chart.js').Chart} Chart
 */

/** Loads the charts when one is shown: the daemon lays them out at the first request, which takes a moment. */
export class ChartLoader {
  #api;
  #narrow = matchMedia('(max-width: 760px)');
  /** The shape of the charts that are loaded or being loaded. @type {'tall' | 'wide' | null} */
  #shape = null;

  /** @param {import('../session/api.js').Api} api @param {() => void} onShape when the other shape fits better */
  constructor(api, onShape) {
    this.#api = api;
    this.#narrow.addEventListener('change', onShape);
  }

  /** Null when the shape that fits is loaded or being loaded, or another one fits by now. @returns {Promise<Chart[] | null>} */
  async load() {
    const shape = this.#narrow.matches ? 'tall' : 'wide';
    if (this.#shape === shape) return null;
    this.#shape = shape;
    try {
      const { machines } = await this.#api.get('/api/machines', { shape });
      return this.#shape === shape ? machines : null;
    } catch (error) {
      if (this.#shape !== shape) return null;
      this.#shape = null;
      throw error;
    }
  }
}
