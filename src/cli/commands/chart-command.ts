import { describeMachine } from '../../chart/describe-machine.ts';
import { drawChart } from '../../chart/draw-chart.ts';
import { layOutChart } from '../../chart/lay-out-chart.ts';
import { mermaidChart } from '../../chart/mermaid-chart.ts';
import { portableChart } from '../../chart/portable-chart.ts';
import { machines } from '../../http/admin/api/charts.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';

export const CHART_FORMATS = ['mermaid', 'svg', 'json'] as const;

/**
 * Prints a machine from its definition: as a Mermaid diagram, as a drawing, or as XState's own JSON, which
 * Stately's editor and other tools of statecharts import. Throws a UsageError for an unknown machine.
 */
export async function chartCommand(
  { machine: id, format, json }: { machine: string; format: (typeof CHART_FORMATS)[number]; json?: boolean },
  terminal: Terminal,
): Promise<number> {
  const machine = machines().find((one) => one.id === id);
  if (!machine) {
    const known = machines().map((one) => one.id);
    throw new UsageError(`There is no machine "${id}": write ${known.join(' or ')}.`);
  }
  const description = describeMachine(machine);
  if (json) terminal.out(JSON.stringify(JSON.parse(portableChart(machine))));
  else if (format === 'json') terminal.out(portableChart(machine));
  else if (format === 'svg') terminal.out(drawChart(await layOutChart(description, 'wide')));
  else terminal.out(mermaidChart(description));
  return ExitCode.ok;
}
