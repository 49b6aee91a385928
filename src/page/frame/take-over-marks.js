import { html, nothing, svg } from '/lib/lit-html/lit-html.js';
import { clock, counted } from '../../format.js';
import { startWords } from '../../journal/story/entry-words.js';

/** @typedef {import('../../http/admin/api/api-routes.ts').Answers['/api/controllers']['takeOvers'][number]} TakeOver */

const WIDTH = 1_000;

/** Returns what a mark says. @param {TakeOver} takeOver */
const wordsOf = (takeOver) => `${clock(takeOver.at)}: ${startWords(takeOver)}`;

/**
 * Marks on the time line for each change of the active controller; a click shows that moment.
 * @param {{ takeOvers: readonly TakeOver[], edges: { from: number, to: number }, onTravel: (at: number) => void }} view
 */
export function takeOverMarks({ takeOvers, edges: { from, to }, onTravel }) {
  const shown = takeOvers.filter(({ at }) => at >= from && at <= to);
  if (shown.length === 0) return nothing;
  const label = `${counted(shown.length, 'take-over')}. ${shown.map(wordsOf).join('. ')}`;
  /** @param {number} at */
  const x = (at) => Math.round(((at - from) / Math.max(1, to - from)) * WIDTH);
  return html`<svg class="take-overs" viewBox="0 0 ${WIDTH} 8" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${shown.map((one) => svg`<rect x=${x(one.at) - 3} width="6" height="8" @click=${() => onTravel(one.at)}><title>${wordsOf(one)}</title></rect>`)}</svg>`;
}
