import type { ElkExtendedEdge, ElkNode, ElkPort } from 'elkjs/lib/elk.bundled.js';
import { SIZES } from './chart-sizes.ts';
import { type ChartWay, labelLines, mainLine, waysOf } from './chart-ways.ts';
import { Wiring } from './chart-wiring.ts';
import type { ChartDescription, ChartNode } from './describe-machine.ts';
import { textWidth } from './text-width.ts';

/** A state's box; coordinates from the upper left corner of the whole drawing, in pixels at 100 %. */
export interface ChartBox extends ChartNode {
  x: number;
  y: number;
  width: number;
  height: number;
  /** The box contains no other box. */
  isLeaf: boolean;
}

/** The name of an arrow's most usual event, with the place that is kept free for it. */
export interface ArrowLabel {
  x: number;
  y: number;
  width: number;
  height: number;
  lines: string[];
}

/** An arrow between two boxes with the same parent, or from a box to one directly in it. */
export interface ChartArrow extends Omit<ChartWay, 'isCertain'> {
  points: { x: number; y: number }[];
  label: ArrowLabel;
  /** It is a part of the main line. */
  isMain: boolean;
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

/** Boxes, arrows and the arrows' names for a machine, laid out by ELK so that nothing overlaps. */
export async function layOutChart(chart: ChartDescription, shape: ChartShape): Promise<ChartLayout> {
  return new ChartDrawer(chart, shape, await loadElk()).draw();
}

/** Computes the layout of each state by itself, and then treats the state as one box among its siblings. */
class ChartDrawer {
  readonly #chart: ChartDescription;
  readonly #shape: ChartShape;
  readonly #elk: Elk;
  readonly #ways: Map<string, ChartWay>;
  readonly #graphs = new Map<string, ElkNode>();
  readonly #main = new Set<ChartWay>();
  readonly #boxes: ChartBox[] = [];
  readonly #arrows: ChartArrow[] = [];

  constructor(chart: ChartDescription, shape: ChartShape, engine: Elk) {
    this.#chart = chart;
    this.#shape = shape;
    this.#elk = engine;
    this.#ways = waysOf(chart);
  }

  async draw(): Promise<ChartLayout> {
    const { width = 0, height = 0 } = await this.#layOut('');
    this.#place('', 0, 0);
    return { id: this.#chart.id, width, height, boxes: this.#boxes, arrows: this.#arrows };
  }

  #childrenOf(path: string): ChartNode[] {
    return this.#chart.nodes.filter(({ parent }) => parent === path);
  }

  async #layOut(path: string): Promise<ElkNode> {
    const nodes = this.#childrenOf(path);
    const boxes = new Map<string, ElkNode>();
    for (const node of nodes) boxes.set(node.path, await this.#boxFor(node));
    const isFlat = nodes.every((node) => this.#childrenOf(node.path).length === 0);
    const direction = this.#shape === 'wide' && (path === '' || !isFlat) ? 'RIGHT' : 'DOWN';
    const ways = [...this.#ways.values()].filter(({ to }) => parentOf(to) === path);
    const main = mainLine(nodes, ways);
    if (path === '') for (const way of main) this.#main.add(way);
    const graph = { id: `graph ${path}`, children: [...boxes.values()], ports: [] as ElkPort[] };
    const wiring = new Wiring(path, direction, graph, boxes, ways, main);
    const edges = ways.map((way) => wiring.edge(way));
    const layoutOptions = { ...optionsFor(path, this.#titleWidth(path)), 'elk.direction': direction };
    // Only a graph within another one can have places for arrows on its own border.
    const around = { id: `around ${path}`, children: [{ ...graph, edges, layoutOptions }] };
    const [laidOut] = (await this.#elk.layout(around)).children ?? [];
    if (!laidOut) throw new Error(`ELK returned no layout for the state "${path}".`);
    this.#graphs.set(path, laidOut);
    return laidOut;
  }

  /** Without its children, since ELK would lay them out once more. */
  async #boxFor({ path, name, parent, kind }: ChartNode): Promise<ElkNode> {
    if (this.#childrenOf(path).length > 0) {
      const { width = 0, height = 0 } = await this.#layOut(path);
      return { id: path, width, height };
    }
    const { room, pill } = SIZES;
    if (parent === '' && kind !== 'final') {
      return { id: path, width: Math.max(room.width, this.#titleWidth(path)), height: room.height };
    }
    const count = kind === 'final' && parent === '' ? SIZES.frame.count : 0;
    const width = textWidth(name, pill.text) + 2 * pill.inset + count;
    return { id: path, width: Math.max(pill.least, width), height: pill.height };
  }

  #titleWidth(path: string): number {
    const { frame, room } = SIZES;
    const name = path.split('.').at(-1) ?? '';
    return textWidth(name, path.includes('.') ? frame.text : room.text, 'bold') + frame.inset + frame.count;
  }

  #place(path: string, x: number, y: number): void {
    const graph = this.#graphs.get(path);
    for (const edge of graph?.edges ?? []) this.#placeArrow(edge, x, y);
    for (const child of graph?.children ?? []) {
      const described = this.#chart.nodes.find((node) => node.path === child.id);
      if (!described) continue;
      const at = { x: x + (child.x ?? 0), y: y + (child.y ?? 0) };
      const { width = 0, height = 0 } = child;
      this.#boxes.push({ ...described, ...at, width, height, isLeaf: !this.#graphs.has(child.id) });
      this.#place(child.id, at.x, at.y);
    }
  }

  #placeArrow({ id, sections, labels }: ElkExtendedEdge, left: number, top: number): void {
    const way = this.#ways.get(id);
    const [section] = sections ?? [];
    const [label] = labels ?? [];
    if (!way || !section || !label) return;
    const points = [section.startPoint, ...(section.bendPoints ?? []), section.endPoint];
    const { x = 0, y = 0, width = 0, height = 0 } = label;
    const { from, to, events, names } = way;
    this.#arrows.push({
      ...{ from, to, events, names, isMain: this.#main.has(way) },
      points: points.map((point) => ({ x: point.x + left, y: point.y + top })),
      label: { x: x + left, y: y + top, width, height, lines: labelLines(way) },
    });
  }
}

function optionsFor(path: string, titleWidth: number): Record<string, string> {
  const { head, inset, least } = SIZES.frame;
  const padding =
    path === ''
      ? '[top=10,left=10,bottom=10,right=10]'
      : `[top=${head + 4},left=${inset},bottom=${inset},right=${inset}]`;
  return {
    'elk.padding': padding,
    'elk.nodeSize.constraints': 'MINIMUM_SIZE',
    'elk.nodeSize.minimum': `(${Math.max(least, titleWidth)}, 0)`,
    'elk.portConstraints': 'FIXED_SIDE',
    'elk.algorithm': 'layered',
    'elk.edgeRouting': 'ORTHOGONAL',
    'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
    'elk.layered.cycleBreaking.strategy': 'MODEL_ORDER',
    'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
    'elk.layered.edgeLabels.centerLabelPlacementStrategy': 'TAIL_LAYER',
    'elk.layered.thoroughness': '3',
    'elk.spacing.nodeNode': '14',
    'elk.spacing.edgeNode': '10',
    'elk.spacing.edgeEdge': '8',
    'elk.spacing.edgeLabel': '4',
    'elk.spacing.labelNode': '4',
    'elk.layered.spacing.nodeNodeBetweenLayers': '14',
    'elk.layered.spacing.edgeNodeBetweenLayers': '8',
    'elk.layered.spacing.edgeEdgeBetweenLayers': '8',
  };
}

function parentOf(path: string): string {
  return path.split('.').slice(0, -1).join('.');
}
