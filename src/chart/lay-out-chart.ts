import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk.bundled.js';
import type { ChartDescription, ChartNode } from './describe-machine.ts';

/** A state's box; coordinates from the upper left corner of the whole drawing, in pixels at 100 %. */
export interface ChartBox extends ChartNode {
  x: number;
  y: number;
  width: number;
  height: number;
  /** The box contains no other box: drawn as a pill. */
  isLeaf: boolean;
}

/**
 * An arrow between two boxes with the same parent. It represents every transition that crosses between them.
 */
export interface ChartArrow {
  from: string;
  to: string;
  points: { x: number; y: number }[];
  events: string[];
}

export interface ChartLayout {
  id: string;
  width: number;
  height: number;
  boxes: ChartBox[];
  arrows: ChartArrow[];
}

/** `wide` for a desktop screen, `tall` for a phone. */
export type ChartShape = 'wide' | 'tall';

/** Pixels. Letters are measured by their mean width in the page's font at 13 px. */
const PILL = { height: 23, least: 80, perLetter: 6.6, padding: 16 };
const HEADER = 42;
const INSET = 8;
const LEAST_BOX = 100;
const ROOM = { width: 112, height: 128 };
const DESK = 600;
const PHONE = 372;
/** A small machine is centered in at least this width, or its letters would fill the screen. */
const LEAST_WIDTH: Record<ChartShape, number> = { wide: 860, tall: 300 };
/** Mean width of a letter of a box's name. */
const TITLE = { top: 9.6, nested: 8 };

type Arrows = Map<string, ChartArrow>;

interface Elk {
  layout(graph: ElkNode): Promise<ElkNode>;
}

let elk: Promise<Elk> | null = null;

/**
 * ELK, loaded for the first chart: it takes longer to load than everything else together, and most daemons
 * never draw a chart.
 */
function loadElk(): Promise<Elk> {
  // The package is CommonJS; its types describe the constructor as the module's default.
  elk ??= import('elkjs/lib/elk.bundled.js').then(
    ({ default: made }) => new (made as unknown as new () => Elk)(),
  );
  return elk;
}

/**
 * Boxes and arrows for a machine, laid out by ELK. Each state is laid out by itself and then treated as one
 * box among its siblings. An arrow connects the two siblings that contain its ends, since some 200 arrows
 * from leaf to leaf would be unreadable. The description has all transitions, and the page lists those of the
 * selected state.
 */
export async function layOutChart(chart: ChartDescription, shape: ChartShape): Promise<ChartLayout> {
  const arrows = liftedArrows(chart);
  const root = await layOut('', chart, arrows, shape);
  const boxes: ChartBox[] = [];
  const drawn: ChartArrow[] = [];
  const width = Math.max(root.width ?? 0, LEAST_WIDTH[shape]);
  place(root, (width - (root.width ?? 0)) / 2, 0, chart, arrows, boxes, drawn);
  return { id: chart.id, width, height: root.height ?? 0, boxes, arrows: drawn };
}

function liftedArrows({ transitions }: ChartDescription): Arrows {
  const arrows: Arrows = new Map();
  for (const { from, to, event, guard } of transitions) {
    if (to === null) continue;
    const [a, b] = [from.split('.'), to.split('.')];
    let depth = 0;
    while (a[depth] === b[depth] && depth < Math.min(a.length, b.length)) depth += 1;
    // One end contains the other: no border is crossed.
    if (depth === a.length || depth === b.length || from === '') continue;
    const key = `${a.slice(0, depth + 1).join('.')} ${b.slice(0, depth + 1).join('.')}`;
    const [source = '', target = ''] = key.split(' ');
    const arrow = arrows.get(key) ?? { from: source, to: target, points: [], events: [] };
    const spoken = guard ? `${event} [${guard}]` : event;
    if (!arrow.events.includes(spoken)) arrow.events.push(spoken);
    arrows.set(key, arrow);
  }
  return arrows;
}

async function layOut(
  path: string,
  chart: ChartDescription,
  arrows: Arrows,
  shape: ChartShape,
): Promise<ElkNode> {
  const children: ElkNode[] = [];
  for (const node of chart.nodes.filter(({ parent }) => parent === path)) {
    const hasChildren = chart.nodes.some(({ parent }) => parent === node.path);
    children.push(hasChildren ? await layOut(node.path, chart, arrows, shape) : leaf(node));
  }
  const isPillBox = path !== '' && children.every(({ children: inner }) => !inner);
  const edges: ElkExtendedEdge[] = [...arrows]
    .filter(([, { from }]) => parentOf(from) === path && !isPillBox)
    .map(([id, { from, to }]) => ({ id, sources: [from], targets: [to] }));
  const directions = path === '' ? [shape === 'wide' ? 'RIGHT' : 'DOWN'] : ['RIGHT', 'DOWN'];
  const engine = await loadElk();
  const ways = await Promise.all(
    directions.map((direction) => {
      const options = {
        ...(isPillBox ? pillBox(path, direction) : layered(path)),
        'elk.direction': direction,
      };
      return engine.layout(
        structuredClone({ id: path || chart.id, layoutOptions: options, children, edges }),
      );
    }),
  );
  return ways.reduce((best, way) => (cost(way, shape) < cost(best, shape) ? way : best));
}

/**
 * Prefers the narrowest layout that is not too high for a desktop screen, or the lowest that is not too wide
 * for a phone.
 */
function cost({ width = 0, height = 0 }: ElkNode, shape: ChartShape): number {
  return shape === 'wide'
    ? width + 10 * Math.max(0, height - DESK)
    : height + 10 * Math.max(0, width - PHONE);
}

/** Leaves room for the state's name and figures above its children. */
const framed = (path: string): Record<string, string> => ({
  'elk.padding': `[top=${HEADER},left=${INSET},bottom=${INSET},right=${INSET}]`,
  'elk.nodeSize.constraints': 'MINIMUM_SIZE',
  'elk.nodeSize.minimum': `(${Math.max(LEAST_BOX, titleWidth(path) + 18)}, 0)`,
});
function titleWidth(path: string): number {
  const names = path.split('.');
  return (names.at(-1) ?? '').length * (names.length === 1 ? TITLE.top : TITLE.nested);
}

const pillBox = (path: string, direction: string): Record<string, string> => ({
  ...framed(path),
  'elk.algorithm': 'box',
  'elk.spacing.nodeNode': '4',
  'elk.aspectRatio': direction === 'RIGHT' ? '100' : '0.01',
});
const layered = (path: string): Record<string, string> => ({
  ...(path === '' ? { 'elk.padding': '[top=6,left=6,bottom=6,right=6]' } : framed(path)),
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
  'elk.layered.mergeEdges': 'true',
  'elk.spacing.nodeNode': '10',
  'elk.spacing.edgeNode': '8',
  'elk.spacing.edgeEdge': '6',
  'elk.layered.spacing.nodeNodeBetweenLayers': '12',
  'elk.layered.spacing.edgeNodeBetweenLayers': '6',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '6',
});

/**
 * A state without children. At the top level it has room for many jobs, since all waiting jobs are drawn in
 * one state.
 */
function leaf({ path, parent, name, kind }: ChartNode): ElkNode {
  const width = Math.max(PILL.least, Math.round(name.length * PILL.perLetter + PILL.padding));
  const isRoom = parent === '' && kind !== 'final';
  return { id: path, width: isRoom ? ROOM.width : width, height: isRoom ? ROOM.height : PILL.height };
}

function place(
  node: ElkNode,
  x: number,
  y: number,
  chart: ChartDescription,
  arrows: Arrows,
  boxes: ChartBox[],
  drawn: ChartArrow[],
): void {
  for (const { id, sections } of node.edges ?? []) {
    const arrow = arrows.get(id);
    const [section] = sections ?? [];
    if (!arrow || !section) continue;
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    drawn.push({ ...arrow, points: points.map((point) => ({ x: point.x + x, y: point.y + y })) });
  }
  for (const child of node.children ?? []) {
    const described = chart.nodes.find(({ path }) => path === child.id);
    if (!described) continue;
    const at = { x: x + (child.x ?? 0), y: y + (child.y ?? 0) };
    const { width = 0, height = 0 } = child;
    boxes.push({ ...described, ...at, width, height, isLeaf: !child.children });
    place(child, at.x, at.y, chart, arrows, boxes, drawn);
  }
}

function parentOf(path: string): string {
  return path.split('.').slice(0, -1).join('.');
}
