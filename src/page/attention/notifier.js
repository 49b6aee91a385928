import { addressOf } from '../frame/address.js';

/** The browser's notifications, which a person turns on with a button. They work only while the page is open. */
export class Notifier {
  /** Null where the browser has none, as on plain HTTP off loopback. */
  #api = 'Notification' in globalThis && globalThis.isSecureContext ? Notification : null;

  get isPossible() {
    return this.#api !== null;
  }

  get isOn() {
    return this.#api?.permission === 'granted' && localStorage.getItem('notify') === 'on';
  }

  /** Asks for the permission where it is missing. Returns why notifications stay off; null where it did what was wanted. */
  async toggle() {
    if (this.isOn) {
      localStorage.removeItem('notify');
      return null;
    }
    if ((await this.#api?.requestPermission()) !== 'granted')
      return 'The browser refuses notifications of this page: allow them in its settings.';
    localStorage.setItem('notify', 'on');
    return null;
  }

  /** @param {import('../../journal/attention/attention.js').Item} item that begins to need attention */
  tell({ key, what, sentence, shows }) {
    if (!this.isOn || this.#api === null) return;
    const shown = new this.#api(`jeballto-runner: ${what}`, { body: sentence, tag: key });
    shown.onclick = () => {
      focus();
      location.hash = addressOf(shows);
    };
  }
}
