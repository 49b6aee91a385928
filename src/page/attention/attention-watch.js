/**
 * @typedef {import('../../journal/attention/attention.js').Item} Item
 */

/** Notices what begins to need attention and what is over, so that each is announced once. */
export class AttentionWatch {
  /** Null before the first look: what was wrong when the page was opened is not news. @type {Map<string, Item> | null} */
  #known = null;

  /** @param {Item[]} items what needs attention now @returns {{ begun: Item[], over: Item[] }} since the last look */
  look(items) {
    const before = this.#known;
    const now = new Map(items.map((item) => [item.key, item]));
    this.#known = now;
    if (before === null) return { begun: [], over: [] };
    return {
      begun: items.filter(({ key }) => !before.has(key)),
      over: [...before.values()].filter(({ key }) => !now.has(key)),
    };
  }
}
