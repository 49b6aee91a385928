import type { ChartDescription, ChartNode, ChartTransition } from './describe-machine.ts';

/**
 * All transitions between two boxes that have the same parent, or from a box to one directly in it. A transition
 * from leaf to leaf is lifted to the boxes whose borders it crosses: some 200 arrows from leaf to leaf would be
 * unreadable.
 */
export interface ChartWay {
  /** A state, or empty for the machine itself. */
  from: string;
  to: string;
  /** Each event with its guard: `createVm failed [may the effect be retried]`. */
  events: string[];
  /** Each event once, without guards; the most usual first. */
  names: string[];
  /** One of its transitions has no guard. */
  isCertain: boolean;
}

/** Returns the ways of a machine, by `from to`. Transitions that stay in their state have none. */
export function waysOf({ nodes, transitions }: ChartDescription): Map<string, ChartWay> {
  const ways = new Map<string, ChartWay>();
  for (const transition of transitions) {
    const ends = endsOf(transition, nodes);
    if (!ends) continue;
    const [from, to] = ends;
    const way = ways.get(`${from} ${to}`) ?? { from, to, events: [], names: [], isCertain: false };
    const { event, guard } = transition;
    const spoken = guard ? `${event} [${guard}]` : event;
    if (!way.events.includes(spoken)) way.events.push(spoken);
    if (!way.names.includes(event)) way.names.push(event);
    way.isCertain ||= guard === '';
    ways.set(`${from} ${to}`, way);
  }
  for (const { names } of ways.values()) names.sort((a, b) => rarity(a) - rarity(b));
  return ways;
}

/** The boxes between which a transition is drawn; null where it stays in its state. */
function endsOf(
  { from, to }: ChartTransition,
  nodes: readonly ChartNode[],
): [from: string, to: string] | null {
  if (to === null || to === from) return null;
  const source = from === '' ? [] : from.split('.');
  // A transition to a state that contains the source leads to the first state in it.
  const target = (from.startsWith(`${to}.`) ? firstIn(to, nodes) : to).split('.');
  let depth = 0;
  while (source[depth] === target[depth] && depth < Math.min(source.length, target.length)) depth += 1;
  if (depth === target.length) return null;
  return [source.slice(0, depth + 1).join('.'), target.slice(0, depth + 1).join('.')];
}

function firstIn(path: string, nodes: readonly ChartNode[]): string {
  return nodes.find(({ parent, isInitial }) => parent === path && isInitial)?.path ?? path;
}

/** What happens in the usual course of a machine comes first, then failures, then deadlines and orders. */
function rarity(event: string): number {
  if (/([Dd]eadline|lifetime) (done|failed)$|Wait failed$|Window failed$/.test(event)) return 4;
  if (event.startsWith('operator.')) return 5;
  if (/ done$/.test(event)) return 0;
  if (/ failed$/.test(event)) return 1;
  return /^(job\.(started|completed)|slot\.granted|always)/.test(event) ? 2 : 3;
}

/**
 * Returns the ways of the main line among the states of one parent: from the first state always to the nearest later
 * one that can be reached without a guard, or, without such a way, with one.
 */
export function mainLine(siblings: readonly ChartNode[], ways: readonly ChartWay[]): Set<ChartWay> {
  const order = new Map(siblings.map(({ path }, index) => [path, index]));
  const place = (path: string) => order.get(path) ?? -1;
  const line = new Set<ChartWay>();
  let at = siblings.find(({ isInitial }) => isInitial)?.path;
  while (at !== undefined) {
    const here = at;
    const onward = ways.filter(({ from, to }) => from === here && place(to) > place(here));
    const certain = onward.filter(({ isCertain }) => isCertain);
    const [next] = (certain.length > 0 ? certain : onward).sort((a, b) => place(a.to) - place(b.to));
    if (next) line.add(next);
    at = next?.to;
  }
  return line;
}

/** Returns the name on an arrow, in one or two lines: its most usual event, and how many more there are. */
export function labelLines({ names, from }: ChartWay): string[] {
  const [usual = ''] = names;
  const words = usual.split(' ');
  if (names.length > 1) words.push(`${words.pop()} +${names.length - 1}`);
  return from === '' ? ['in any state', usual] : words;
}
