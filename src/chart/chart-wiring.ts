import type { ElkExtendedEdge, ElkNode, ElkPort } from 'elkjs/lib/elk.bundled.js';
import { SIZES } from './chart-sizes.ts';
import { type ChartWay, labelLines } from './chart-ways.ts';
import { textWidth } from './text-width.ts';

type Side = 'NORTH' | 'EAST' | 'SOUTH' | 'WEST';

/** On which sides arrows leave and enter boxes, by the direction of the main line. */
const SIDES: Record<'RIGHT' | 'DOWN', Record<'ahead' | 'back' | 'below' | 'above', Side>> = {
  RIGHT: { ahead: 'EAST', back: 'WEST', below: 'SOUTH', above: 'NORTH' },
  DOWN: { ahead: 'SOUTH', back: 'NORTH', below: 'EAST', above: 'WEST' },
};

/** From how many states on the arrows to one state share a line under the main line. */
const SHARED = 3;

/** The arrows of one graph, and the places where they touch boxes. */
export class Wiring {
  readonly #path: string;
  readonly #sides: (typeof SIDES)['RIGHT'];
  readonly #graph: { ports: ElkPort[] };
  readonly #boxes: Map<string, ElkNode>;
  readonly #main: Set<ChartWay>;
  /** The state to which most arrows lead that are not part of the main line. */
  readonly #sink: string | null;

  constructor(
    path: string,
    direction: 'RIGHT' | 'DOWN',
    graph: { ports: ElkPort[] },
    boxes: Map<string, ElkNode>,
    ways: readonly ChartWay[],
    main: Set<ChartWay>,
  ) {
    this.#path = path;
    this.#sides = SIDES[direction];
    this.#graph = graph;
    this.#boxes = boxes;
    this.#main = main;
    this.#sink = path === '' ? sinkOf(ways.filter((way) => !main.has(way))) : null;
  }

  edge(way: ChartWay): ElkExtendedEdge {
    const id = `${way.from} ${way.to}`;
    const isMain = this.#main.has(way);
    const isToSink = !isMain && way.to === this.#sink;
    const lines = labelLines(way);
    const { text, line } = SIZES.label;
    const label = {
      ...{ id: `label ${id}`, text: lines.join('\n'), height: lines.length * line },
      width: Math.max(...lines.map((one) => textWidth(one, text))),
      layoutOptions: { 'elk.edgeLabels.placement': isToSink ? 'TAIL' : 'CENTER' },
    };
    const [source, target] = this.#ends(way, id, isMain, isToSink);
    const layoutOptions: Record<string, string> = isMain ? MAIN_WAY : {};
    return { id, sources: [source], targets: [target], labels: [label], layoutOptions };
  }

  #ends({ from, to }: ChartWay, id: string, isMain: boolean, isToSink: boolean): [string, string] {
    const { ahead, back, below, above } = this.#sides;
    if (from === this.#path) {
      return [this.#edgeOfGraph(id), from === '' ? this.#port(to, above, id) : to];
    }
    if (this.#path !== '') return [from, to];
    if (isMain) return [this.#port(from, ahead), this.#port(to, back)];
    if (isToSink) return [this.#port(from, below), this.#port(to, below)];
    return [this.#port(from, above, id), this.#port(to, above, id)];
  }

  /** Where an arrow begins that comes from the state around this graph. */
  #edgeOfGraph(id: string): string {
    const port = { id: `port ${id}`, width: 0, height: 0 };
    this.#graph.ports.push({
      ...port,
      layoutOptions: { 'elk.port.side': this.#path === '' ? 'EAST' : 'WEST' },
    });
    return port.id;
  }

  /** Arrows with the same place share their lines. */
  #port(path: string, side: Side, arrow = ''): string {
    const id = `port ${path} ${side} ${arrow}`;
    const box = this.#boxes.get(path);
    if (!box) throw new Error(`No box was made for the state "${path}".`);
    box.ports ??= [];
    if (!box.ports.some((port) => port.id === id)) {
      box.ports.push({ id, width: 0, height: 0, layoutOptions: { 'elk.port.side': side } });
    }
    box.layoutOptions = { 'elk.portConstraints': 'FIXED_SIDE' };
    return id;
  }
}

function sinkOf(ways: readonly ChartWay[]): string | null {
  const counts = new Map<string, number>();
  for (const { to } of ways) counts.set(to, (counts.get(to) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  return most && most[1] >= SHARED ? most[0] : null;
}

const MAIN_WAY = {
  'elk.layered.priority.straightness': '100',
  'elk.layered.priority.direction': '100',
  'elk.layered.priority.shortness': '10',
};
