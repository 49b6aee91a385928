import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';

export interface Tally {
  scenarios: number;
  jobs: number;
  served: number;
  /** VMs that were made for jobs, and those of them in which none ran. */
  vms: number;
  vmsInVain: number;
  lives: number;
  /** How often one of several controllers became the active one. */
  takeOvers: number;
  /** Seconds of CPU. */
  cpu: number;
  /** Names of the scenarios that broke a law. */
  failed: string[];
}

export const noTally = (): Tally => ({
  scenarios: 0,
  jobs: 0,
  served: 0,
  vms: 0,
  vmsInVain: 0,
  lives: 0,
  takeOvers: 0,
  cpu: 0,
  failed: [],
});

/**
 * Plays scenarios one after the other in this process; `print` receives the breaches, and with `isTraced`
 * everything that happens.
 */
export async function playScenarios(
  scenarios: Iterable<[name: string, scenario: Scenario]>,
  print: (line: string) => void,
  { isTraced = false }: { isTraced?: boolean } = {},
): Promise<Tally> {
  const tally = noTally();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on('unhandledRejection', note);
  const usage = process.cpuUsage();
  for (const [name, scenario] of scenarios) {
    if (isTraced) print(JSON.stringify(scenario, null, 2));
    const result = await runScenario(scenario, { write: isTraced ? print : undefined });
    tally.scenarios += 1;
    tally.jobs += result.jobs;
    tally.served += result.served;
    tally.vms += result.vms;
    tally.vmsInVain += result.vmsInVain;
    tally.lives += result.lives;
    tally.takeOvers += result.takeOvers;
    const broken = [
      ...result.broken.map(({ law, what }) => `${law}: ${what}`),
      ...unhandled.splice(0).map((error) => `unhandled: ${error instanceof Error ? error.stack : error}`),
    ];
    if (broken.length > 0) tally.failed.push(name);
    for (const line of broken) print(`${name}: ${line}`);
  }
  process.off('unhandledRejection', note);
  const { user, system } = process.cpuUsage(usage);
  tally.cpu = (user + system) / 1e6;
  return tally;
}
