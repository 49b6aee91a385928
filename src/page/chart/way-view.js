import { svg } from '/lib/lit-html/lit-html.js';

/**
 * @typedef {import('../../http/admin/api/api-routes.ts').Answers['/api/machines']['machines'][number]['layout']['arrows'][number]} Arrow
 * @typedef {import('./state-paths.js').Trace} Trace
 */

/** Pixels from the top of a label to its first line's base, and from line to line, as the daemon keeps them free. */
const BASE = 10;
const LINE = 13;

/**
 * An arrow with the name of its most usual event. All of its events with their guards are shown on hover and on focus.
 * @param {Arrow} arrow @param {Trace | null} trace @param {string | null} selected
 */
export function wayView(arrow, trace, selected) {
  const { from, to, points, label } = arrow;
  const line = points
    .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join(' ');
  return svg`<g class=${classesOf(arrow, trace, selected)} data-way="${from} ${to}" data-events=${arrow.events.join('\n')} tabindex="-1" role="img" aria-label=${wordsOf(arrow)}>
    <path class="reach" d=${line}></path>
    <path class="arrow" d=${line} marker-end="url(#tip)"></path>
    ${label.lines.map((text, index) => svg`<text x=${label.x.toFixed(1)} y=${(label.y + BASE + index * LINE).toFixed(1)}>${text}</text>`)}
  </g>`;
}

/** @param {Arrow} arrow */
function wordsOf({ from, to, events }) {
  return `From ${from || 'any state'} to ${to}: ${events.join(', ')}`;
}

/** @param {Arrow} arrow @param {Trace | null} trace @param {string | null} selected */
function classesOf({ from, to, names, isMain }, trace, selected) {
  const classes = ['way'];
  if (isMain) classes.push('main');
  if (selected !== null && (from === selected || to === selected)) classes.push('touched');
  const isInto = to.startsWith(`${from}.`);
  // An arrow from the state around is passed by its event, from whichever state within.
  const isPassed = isInto
    ? names.some((name) => trace?.ways.has(`${name} into ${to}`))
    : trace?.ways.has(`${from} ${to}`);
  if (isPassed) classes.push('lit');
  return classes.join(' ');
}
