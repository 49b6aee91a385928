import { SIZES } from './chart-sizes.ts';
import type { ChartArrow, ChartBox, ChartLayout } from './lay-out-chart.ts';

/** Colors of a drawing in its own file; the page has its own colors. */
const STYLE = `
text { font: ${SIZES.pill.text}px system-ui, sans-serif; fill: #18202e } .name { font-weight: 600 } .pill text { font-weight: 400; fill: #556072 }
.top > .name { font-size: ${SIZES.room.text}px } .label text { font-size: ${SIZES.label.text}px; fill: #556072 }
rect { fill: #f7f8fb; stroke: #b9c1cf } .pill rect { fill: #fff } path { fill: none; stroke: #8793a6; stroke-width: 1.2 } .main path { stroke: #3565c4; stroke-width: 2 } marker path { fill: #8793a6; stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #e7eaf0 } .pill text, .label text { fill: #9ca6b7 } rect { fill: #1c212a; stroke: #434c5c } .pill rect { fill: #161a21 } }
`;

/** Returns a machine's chart as one SVG file. */
export function drawChart({ id, width, height, boxes, arrows }: ChartLayout): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" role="img">`,
    `<title>State machine of a ${escaped(id)}</title><style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 .6 7.4 4 0 7.4z"/></marker></defs>',
    ...boxes.map(boxText),
    ...arrows.map(arrowText),
    '</svg>',
  ].join('\n');
}

function arrowText({ from, to, points, events, label, isMain }: ChartArrow): string {
  const line = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`);
  const title = `${from || 'any state'} → ${to}: ${events.join(', ')}`;
  const { text, line: high } = SIZES.label;
  const names = label.lines.map(
    (name, index) =>
      `<text x="${label.x.toFixed(1)}" y="${(label.y + text - 1 + index * high).toFixed(1)}">${escaped(name)}</text>`,
  );
  return (
    `<g class="label${isMain ? ' main' : ''}"><title>${escaped(title)}</title>` +
    `<path d="${line.join(' ')}" marker-end="url(#tip)"/>${names.join('')}</g>`
  );
}

function boxText({ path, name, description, x, y, width, height, isLeaf, kind, parent }: ChartBox): string {
  const isPill = isLeaf && (parent !== '' || kind === 'final');
  const title = description ? `${path}: ${description.replaceAll('`', '')}` : path;
  return (
    `<g class="${isPill ? 'pill' : 'box'}${parent === '' ? ' top' : ''}"><title>${escaped(title)}</title>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${isPill ? 6 : 9}"/>` +
    `<text class="name" x="${x + 9}" y="${y + (isPill ? height / 2 + 4 : 18)}">${escaped(name)}</text></g>`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
