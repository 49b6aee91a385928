import type { ChartBox, ChartLayout } from './lay-out-chart.ts';

/** Colors of a drawing in its own file; the page has its own colors. */
const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #18202e } .name { font-weight: 600 } .pill text { font-size: 12px; fill: #556072 }
rect { fill: #f7f8fb; stroke: #b9c1cf } .pill rect { fill: #fff } path { fill: none; stroke: #8793a6; stroke-width: 1.2 } marker path { fill: #8793a6; stroke: none }
@media (prefers-color-scheme: dark) { text { fill: #e7eaf0 } .pill text { fill: #9ca6b7 } rect { fill: #1c212a; stroke: #434c5c } .pill rect { fill: #161a21 } }
`;

/** A machine's chart as one SVG file. */
export function drawChart({ id, width, height, boxes, arrows }: ChartLayout): string {
  const ways = arrows.map(({ from, to, points, events }) => {
    const line = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`);
    return `<path d="${line.join(' ')}" marker-end="url(#tip)"><title>${escaped(`${from} → ${to}: ${events.join(', ')}`)}</title></path>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${Math.ceil(height)}" role="img">`,
    `<title>State machine of a ${escaped(id)}</title><style>${STYLE}</style>`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 .6 7.4 4 0 7.4z"/></marker></defs>',
    ...ways,
    ...boxes.map(boxText),
    '</svg>',
  ].join('\n');
}

function boxText({ path, name, description, x, y, width, height, isLeaf, kind, parent }: ChartBox): string {
  const isPill = isLeaf && (parent !== '' || kind === 'final');
  const title = description ? `${path}: ${description.replaceAll('`', '')}` : path;
  return (
    `<g class="${isPill ? 'pill' : 'box'}"><title>${escaped(title)}</title>` +
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${isPill ? 6 : 9}"/>` +
    `<text class="name" x="${x + 8}" y="${y + (isPill ? height / 2 + 4 : 17)}">${escaped(name)}</text></g>`
  );
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
