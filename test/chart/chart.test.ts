import { expect, test } from 'vitest';
import { createMachine } from 'xstate';
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
    for (const { from, to } of arrows) expect([byPath.has(from), byPath.has(to)]).toEqual([true, true]);
  },
);

test('a window of 1280 × 800 shows the whole job machine at a readable scale', async () => {
  const { width, height } = await layOutChart(describeMachine(machines()[0] as never), 'wide');
  const scale = Math.min(1216 / width, 560 / height);
  expect(scale).toBeGreaterThan(0.65);
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
    for (const { path, name } of description.nodes) {
      expect(mermaid).toContain(`state "${name}" as ${path.replaceAll('.', '_')}`);
      expect(svg).toContain(`>${name}</text>`);
    }
    expect(mermaid.split('{').length).toBe(mermaid.split('}').length);
  },
);
