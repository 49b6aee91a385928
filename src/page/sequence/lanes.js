import { html, svg } from '/lib/lit-html/lit-html.js';

/** Pixels; the style sheet gives the lanes' names the same widths. */
const WIDE = 92;
const NARROW = 54;
const HEIGHT = 34;
const MIDDLE = 17;
/** Pixels that an arrow keeps from the middle of a lane. */
const GAP = 4;

const narrow = matchMedia('(max-width: 760px)');

/**
 * One row: a line for each actor, and an arrow between those that the event was between.
 * @param {import('./steps.js').Step} step @param {import('./steps.js').Lane[]} lanes
 */
export function lanesView({ from, to }, lanes) {
  const width = narrow.matches ? NARROW : WIDE;
  /** @param {string} id */
  const middleOf = (id) => (lanes.findIndex((lane) => lane.id === id) + 0.5) * width;
  const begin = middleOf(from);
  return html`<svg class="lanes" width=${lanes.length * width} height=${HEIGHT} aria-hidden="true">
    ${lanes.map(({ id }) => svg`<line class="life" x1=${middleOf(id)} x2=${middleOf(id)} y1="0" y2="100%"></line>`)}
    ${to.filter((id) => id !== from).map((id) => arrowView(begin, middleOf(id)))}
    <circle cx=${begin} cy=${MIDDLE} r=${to.length > 0 ? 3 : 5}></circle>
  </svg>`;
}

/** @param {number} from @param {number} to */
function arrowView(from, to) {
  const side = to > from ? 1 : -1;
  const tip = to - side * GAP;
  return svg`<line class="arrow" x1=${from} x2=${tip - side * 6} y1=${MIDDLE} y2=${MIDDLE}></line>
    <path class="tip" d="M${tip} ${MIDDLE} l${-side * 9} -5 v10 z"></path>`;
}
