/**
 * Steps through the events of a job. Each moves the moment that the whole page shows.
 *
 * @typedef {import('./steps.js').Step} Step
 *
 * @typedef {object} Shown
 * @property {number} jobId
 * @property {Step[]} steps
 * @property {number} now epoch ms of the moment that is shown
 * @property {boolean} isPast
 * @property {(at: number) => void} onTravel
 * @property {() => void} onLive
 */

/** Where a person types or chooses with these keys. */
const FIELDS = 'input, select, textarea, [contenteditable]';

class Stepper {
  /** @type {Shown | null} */
  #shown = null;
  /**
   * The page is at another moment until the daemon has returned that of the chosen step. `via` has the moments that may
   * be shown until then: the one at which it was chosen, and those of steps that were chosen before it and are under
   * way, too; null is the present.
   * @type {{ jobId: number, seq: number, at: number, via: ReadonlySet<number | null> } | null} */
  #chosen = null;

  /** Index of the present step; -1 before the first. In the present it is the last one. @param {Shown} shown */
  show(shown) {
    this.#shown = shown;
    const { jobId, steps, now, isPast } = shown;
    const chosen = this.#chosen;
    const hasArrived = isPast && now === chosen?.at;
    if (chosen && hasArrived) chosen.via = new Set([now]);
    const isUnderWay = chosen?.via.has(isPast ? now : null);
    if (chosen?.jobId === jobId && (hasArrived || isUnderWay)) {
      const index = steps.findIndex(({ seq }) => seq === chosen.seq);
      if (index >= 0) return index;
    }
    this.#chosen = null;
    return isPast ? steps.findLastIndex(({ at }) => at <= now) : steps.length - 1;
  }

  /** Goes to another step; after the last one the present is followed again. @param {1 | -1} by */
  step(by) {
    if (!this.#shown) return;
    const next = this.show(this.#shown) + by;
    if (next >= this.#shown.steps.length) this.live();
    else this.choose(this.#shown.steps[next]);
  }

  /** @param {Step | undefined} step */
  choose(step) {
    if (!this.#shown || !step) return;
    const { jobId, now, isPast, onTravel } = this.#shown;
    const before = this.#chosen?.jobId === jobId ? [...this.#chosen.via, this.#chosen.at] : [];
    this.#chosen = { jobId, seq: step.seq, at: step.at, via: new Set([isPast ? now : null, ...before]) };
    onTravel(step.at);
  }

  live() {
    this.#chosen = null;
    this.#shown?.onLive();
  }
}

export const stepper = new Stepper();

/** ← → and k j, where they mean nothing else. @param {KeyboardEvent} event */
function key(event) {
  const { key: name, target, ctrlKey, metaKey, altKey, shiftKey } = event;
  const by = name === 'ArrowRight' || name === 'j' ? 1 : name === 'ArrowLeft' || name === 'k' ? -1 : 0;
  if (by === 0 || ctrlKey || metaKey || altKey || shiftKey) return;
  if (!document.querySelector('.sequence')) return;
  if (target instanceof Element && target.closest(`${FIELDS}, #chart, [role=tablist]`)) return;
  event.preventDefault();
  stepper.step(by);
}

addEventListener('keydown', key);
