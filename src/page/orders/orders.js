/**
 * The orders of a person. Each opens a dialog that says what will happen, asks for a name for the journal, and shows
 * the result or why the daemon refused.
 *
 * @typedef {import('./order-texts.js').Order} Order
 *
 * @typedef {object} Asked an order in its dialog
 * @property {Order} order
 * @property {'asking' | 'sending' | 'done'} phase
 * @property {string} error why it was refused; empty where it was not
 * @property {string} result in words
 */

export class Orders {
  #api;
  #onChange;
  #onDone;
  /** Null while no dialog is open. @type {Asked | null} */
  asked = null;

  /**
   * @param {import('../session/api.js').Api} api
   * @param {{ onChange: () => void, onDone: () => Promise<void> }} listeners
   */
  constructor(api, { onChange, onDone }) {
    this.#api = api;
    this.#onChange = onChange;
    this.#onDone = onDone;
  }

  /** The name that was given last in this tab. */
  get operator() {
    return sessionStorage.getItem('operator') ?? '';
  }

  /** Opens the dialog of an order. @param {Order} order */
  ask(order) {
    this.asked = { order, phase: 'asking', error: '', result: '' };
    this.#onChange();
  }

  /**
   * Gives the order that the dialog shows.
   * @param {string} by name of the operator @param {string} span the length of time that was chosen; empty for none
   */
  async give(by, span) {
    const { asked } = this;
    if (asked === null || asked.phase !== 'asking') return;
    sessionStorage.setItem('operator', by);
    Object.assign(asked, { phase: 'sending', error: '' });
    this.#onChange();
    try {
      const answer = await this.#api.order(
        span && asked.order.span ? `${asked.order.path}?${asked.order.span.key}=${span}` : asked.order.path,
        by,
      );
      Object.assign(asked, { phase: 'done', result: asked.order.result(answer) });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      Object.assign(asked, { phase: 'asking', error: message });
    }
    this.#onChange();
    await this.#onDone();
  }

  dismiss() {
    if (this.asked === null) return;
    this.asked = null;
    this.#onChange();
  }
}
