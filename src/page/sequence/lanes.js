import { html, svg } from '/lib/lit-html/lit-html.js';

/** Pixels. */
const MIDDLE = 17;

/**
 * One row: a line for each actor, and an arrow between those that the event was between. The places are shares of
 * the width, which the style sheet gives to the names of the lanes, too.
 * @param {import('./steps.js').Step} step @param {import('./steps.js').Lane[]} lanes
 */
export function lanesView({ from, to }, lanes) {
  /** Percent. @param {string} id */
  const middleOf = (id) => ((lanes.findIndex((lane) => lane.id === id) + 0.5) / lanes.length) * 100;
  const begin = middleOf(from);
  return html`<svg class="lanes" aria-hidden="true">
    ${lanes.map(({ id }) => svg`<line class="life" x1="${middleOf(id)}%" x2="${middleOf(id)}%" y1="0" y2="100%"></line>`)}
    ${to.filter((id) => id !== from).map((id) => arrowView(begin, middleOf(id)))}
    <circle cx="${begin}%" cy=${MIDDLE} r=${to.length > 0 ? 3 : 5}></circle>
  </svg>`;
}

/** @param {number} from percent @param {number} to percent */
function arrowView(from, to) {
  const back = to > from ? -10 : 10;
  return svg`<line class="arrow" x1="${from}%" x2="${to}%" y1=${MIDDLE} y2=${MIDDLE}></line>
    <svg class="tip" x="${to}%" y=${MIDDLE}><path d="M0 0 l${back} -5 v10 z"></path></svg>`;
}
