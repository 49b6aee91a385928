import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorePlace } from '../../../store/open-store.ts';
import type { Terminal } from '../../command.ts';
import type { SimulatedWorld } from '../../simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN, worldConfig } from '../../simulation/world-config.ts';
import type { DemoPorts } from '../demo-ports.ts';
import { BETA_LABEL } from '../demo-workflow.ts';
import { DaemonProcess } from './daemon-process.ts';
import { type DemoController, DemoControllers } from './demo-controllers.ts';

export interface MakeControllersOptions extends Pick<DemoPorts, 'daemons'> {
  world: SimulatedWorld;
  store: StorePlace;
  /** Folder of their configs and logs. */
  folder: string;
  webhookSecret: string;
  terminal: Terminal;
  /** Called with each line of each log. */
  onLine(line: string): void;
}

/** Returns the daemons of a demonstration, not started: each has a config and a log of its own. */
export async function makeControllers(options: MakeControllersOptions): Promise<DemoControllers> {
  const [first, ...others] = await Promise.all(
    options.daemons.map((ports, n) => makeController(options, ports, n + 1)),
  );
  if (!first) throw new Error('a demo needs a daemon');
  return new DemoControllers([first, ...others], options.terminal.clock);
}

async function makeController(
  { daemons, world, store, folder, webhookSecret, terminal, onLine }: MakeControllersOptions,
  { admin, webhook }: DemoPorts['daemons'][number],
  number: number,
): Promise<DemoController> {
  const isAlone = daemons.length === 1;
  const path = join(folder, isAlone ? 'config.json' : `controller-${number}.json`);
  const logPath = join(folder, isAlone ? 'daemon.log' : `controller-${number}.log`);
  const config = worldConfig({
    world,
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret,
    webhookListen: `127.0.0.1:${webhook}`,
    adminListen: `127.0.0.1:${admin}`,
    store,
  });
  const labels = { ...config.labels, [BETA_LABEL]: { image: 'ghcr.io/jeballto/macos-beta:latest' } };
  const content = { ...config, labels };
  await writeFile(path, JSON.stringify(content, null, 2), { mode: 0o600 });
  const { clock, env } = terminal;
  return {
    name: isAlone ? 'the daemon' : `controller ${number}`,
    process: new DaemonProcess({ configPath: path, logPath, clock, env, onLine }),
    admin: { url: `http://127.0.0.1:${admin}`, token: null },
    config: { path, content },
  };
}
