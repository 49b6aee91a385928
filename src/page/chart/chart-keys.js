/**
 * Moves of the focus within the chart: Tab reaches one of its parts, the arrow keys all others.
 *
 * @typedef {{ x: number, y: number, width: number, height: number }} Area in the chart's own pixels
 */

/** How much more a part counts that lies aside of the direction. */
const ASIDE = 3;

/** @param {Element} element in the chart @returns {SVGGElement | null} the box or the arrow that it belongs to */
export function partOf(element) {
  return element.closest('.box, .way');
}

/** A box, or the name on an arrow. @param {SVGGElement} part @returns {Area} */
export function areaOf(part) {
  /** @type {SVGGraphicsElement | null} */
  const shape = part.querySelector(part.classList.contains('box') ? 'rect' : 'text');
  return (shape ?? part).getBBox();
}

/**
 * Returns the nearest part to the right, left, below or above.
 * @param {SVGSVGElement} chart @param {SVGGElement} from @param {string} key such as `ArrowLeft`
 * @returns {SVGGElement | null}
 */
export function nextPart(chart, from, key) {
  const here = areaOf(from);
  const sign = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : -1;
  const isAcross = key === 'ArrowRight' || key === 'ArrowLeft';
  /** @type {SVGGElement | null} */
  let nearest = null;
  let least = Number.POSITIVE_INFINITY;
  /** @type {NodeListOf<SVGGElement>} */
  const parts = chart.querySelectorAll('.box, .way');
  for (const part of parts) {
    const area = areaOf(part);
    const ahead = sign * (isAcross ? area.x - here.x : area.y - here.y);
    const aside = isAcross
      ? gap(here.y, here.height, area.y, area.height)
      : gap(here.x, here.width, area.x, area.width);
    const cost = ahead + ASIDE * aside;
    if (part === from || ahead < 1 || cost >= least) continue;
    [nearest, least] = [part, cost];
  }
  return nearest;
}

/** Pixels between two spans; 0 where they overlap. @param {number} a @param {number} aLength @param {number} b @param {number} bLength */
function gap(a, aLength, b, bLength) {
  return Math.max(0, b - (a + aLength), a - (b + bLength));
}

/** Focuses a part, which from then on is the one that Tab reaches. @param {SVGSVGElement} chart @param {SVGGElement} part */
export function focusPart(chart, part) {
  for (const before of chart.querySelectorAll('[tabindex="0"]')) before.setAttribute('tabindex', '-1');
  part.setAttribute('tabindex', '0');
  part.focus({ preventScroll: true });
}
