import type { ChartDescription, ChartNode } from './describe-machine.ts';

/** Events on one arrow; more make the label unreadable. */
const MOST_EVENTS = 3;

/** Returns a machine as a Mermaid state diagram, which GitHub draws in Markdown. */
export function mermaidChart({ nodes, transitions }: ChartDescription): string {
  const lines = ['stateDiagram-v2'];
  const children = (path: string) => nodes.filter(({ parent }) => parent === path);
  const write = (node: ChartNode, indent: string, isRegion: boolean) => {
    const inner = children(node.path);
    if (node.isInitial && !isRegion) lines.push(`${indent}[*] --> ${idOf(node.path)}`);
    if (inner.length === 0) {
      lines.push(`${indent}state "${node.name}" as ${idOf(node.path)}`);
      return;
    }
    lines.push(`${indent}state "${node.name}" as ${idOf(node.path)} {`);
    inner.forEach((child, index) => {
      if (node.kind === 'parallel' && index > 0) lines.push(`${indent}  --`);
      write(child, `${indent}  `, node.kind === 'parallel');
    });
    lines.push(`${indent}}`);
  };
  for (const node of children('')) write(node, '  ', false);
  for (const { path, kind, parent } of nodes) {
    if (kind === 'final' && parent === '') lines.push(`  ${idOf(path)} --> [*]`);
  }
  for (const [way, events] of arrows(transitions)) {
    const more = events.length > MOST_EVENTS ? `, +${events.length - MOST_EVENTS}` : '';
    lines.push(`  ${way} : ${events.slice(0, MOST_EVENTS).join(', ')}${more}`);
  }
  return lines.join('\n');
}

function arrows(transitions: ChartDescription['transitions']): Map<string, string[]> {
  const ways = new Map<string, string[]>();
  for (const { from, to, event } of transitions) {
    if (to === null || from === '' || from === to) continue;
    const way = `${idOf(from)} --> ${idOf(to)}`;
    const events = ways.get(way) ?? [];
    if (!events.includes(event)) events.push(event);
    ways.set(way, events);
  }
  return ways;
}

/** Mermaid reads a dot as the end of the name. */
function idOf(path: string): string {
  return path.replaceAll('.', '_');
}
