import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { labelLines, waysOf } from '../../src/chart/chart-ways.ts';
import { describeMachine } from '../../src/chart/describe-machine.ts';
import { drawChart } from '../../src/chart/draw-chart.ts';
import { layOutChart } from '../../src/chart/lay-out-chart.ts';
import { mermaidChart } from '../../src/chart/mermaid-chart.ts';
import { portableChart } from '../../src/chart/portable-chart.ts';
import { machines } from '../../src/http/admin/api/charts.ts';
import { allNodes } from '../machines/machine-walk.ts';

const all = machines().map((machine) => ({ id: machine.id, machine }));

test.each(all)('every state and transition of the $id machine is in its description', ({ machine }) => {
  const { nodes, transitions } = describeMachine(machine);
  const real = allNodes(machine.root).filter((node) => node.parent);
  expect(nodes.map(({ path }) => path).sort()).toEqual(real.map((node) => node.path.join('.')).sort());
  const ways = real.flatMap((node) => [...node.transitions.values()].flat());
  expect(transitions.length).toBeGreaterThanOrEqual(ways.length);
});

test.each(all.flatMap((one) => (['wide', 'tall'] as const).map((shape) => ({ ...one, shape }))))(
  'the $shape chart of the $id machine holds each box in its parent and lets no siblings overlap',
  async ({ machine, shape }) => {
    const description = describeMachine(machine);
    const { boxes, arrows, width, height } = await layOutChart(description, shape);
    expect(boxes).toHaveLength(description.nodes.length);
    const byPath = new Map(boxes.map((box) => [box.path, box]));
    for (const box of boxes) {
      const parent = byPath.get(box.parent) ?? { x: 0, y: 0, width, height };
      expect(box.x, box.path).toBeGreaterThanOrEqual(parent.x);
      expect(box.y, box.path).toBeGreaterThanOrEqual(parent.y);
      expect(box.x + box.width, box.path).toBeLessThanOrEqual(parent.x + parent.width + 0.5);
      expect(box.y + box.height, box.path).toBeLessThanOrEqual(parent.y + parent.height + 0.5);
      for (const other of boxes) {
        if (other === box || other.parent !== box.parent) continue;
        const isApart =
          box.x + box.width <= other.x ||
          other.x + other.width <= box.x ||
          box.y + box.height <= other.y ||
          other.y + other.height <= box.y;
        expect(isApart, `${box.path} and ${other.path}`).toBe(true);
      }
    }
    for (const { from, to } of arrows)
      expect([from === '' || byPath.has(from), byPath.has(to)]).toEqual([true, true]);
  },
);

const MAIN =
  'queued creating starting sshReady probing jitConfig runnerOnline running tearingDown done'.split(' ');

test.each(['wide', 'tall'] as const)(
  'in the %s chart the nine states of a job and its end are on one straight line, in their order',
  async (shape) => {
    const { arrows } = await layOutChart(describeMachine(machines()[0] as never), shape);
    const main = arrows.filter(({ isMain }) => isMain);
    const [across, along] = shape === 'wide' ? (['y', 'x'] as const) : (['x', 'y'] as const);
    expect(new Set(main.flatMap(({ points }) => points.map((point) => Math.round(point[across])))).size).toBe(
      1,
    );
    const inOrder = main.sort((a, b) => (a.points[0]?.[along] ?? 0) - (b.points[0]?.[along] ?? 0));
    expect([inOrder[0]?.from, ...inOrder.map(({ to }) => to)]).toEqual(MAIN);
  },
);

test('an arrow is named by its most usual event, and says how many more there are', () => {
  const ways = [...waysOf(describeMachine(machines()[0] as never)).values()];
  const nameOf = (from: string, to: string) =>
    ways.filter((way) => way.from === from && way.to === to).map(labelLines)[0];
  expect(nameOf('queued', 'creating')).toEqual(['slot.granted']);
  expect(nameOf('creating', 'starting')).toEqual(['createVm', 'done']);
  expect(nameOf('creating', 'tearingDown')).toEqual(['createVm', 'failed +11']);
  expect(nameOf('creating.waiting', 'creating.acting')).toEqual(['retryWait', 'done +2']);
  expect(nameOf('running', 'running.busy')).toEqual(['job.started +1']);
  expect(nameOf('running.busy.releasing', 'running.busy.watching')).toEqual(['job.released']);
  expect(nameOf('', 'failed')).toEqual(['in any state', 'operator.forgot']);
});

test.each(all)(
  'the $id machine that XState makes from its exported JSON has the same states and transitions',
  ({ machine }) => {
    const again = createMachine(JSON.parse(portableChart(machine)));
    const told = describeMachine(again);
    const real = describeMachine(machine);
    expect(told.nodes.map(({ path }) => path)).toEqual(real.nodes.map(({ path }) => path));
    const ways = ({ transitions }: typeof real) =>
      transitions.map(({ from, event, to }) => `${from} ${event} ${to}`).sort();
    expect(ways(told)).toEqual(ways(real));
  },
);

test.each(all)(
  'the $id machine is drawn as Mermaid and as one SVG that names every state',
  async ({ machine }) => {
    const description = describeMachine(machine);
    const mermaid = mermaidChart(description);
    const svg = drawChart(await layOutChart(description, 'wide'));
    for (const { names } of waysOf(description).values()) expect(svg).toContain(`${names[0]?.split(' ')[0]}`);
    for (const { path, name } of description.nodes) {
      expect(mermaid).toContain(`state "${name}" as ${path.replaceAll('.', '_')}`);
      expect(svg).toContain(`>${name}</text>`);
    }
    expect(mermaid.split('{').length).toBe(mermaid.split('}').length);
  },
);
