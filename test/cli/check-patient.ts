import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommand } from '../../src/cli/commands/check-command.ts';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import {
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../../src/cli/simulation/world-config.ts';
import { type Clock, systemClock } from '../../src/clock.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { recordingTerminal } from './recording-terminal.ts';

type Content = ReturnType<typeof worldConfig> & Record<string, unknown>;

/** A world, and the command `check` with a config that leads to it; `change` edits the config. */
export async function patient(change: (config: Content) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-check-'));
  const world = await startSimulatedWorld({
    clock: systemClock,
    random: Math.random,
    host: '127.0.0.1',
    port: 0,
    macs: 1,
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  const storePath = join(folder, 'store');
  const config = worldConfig({
    world,
    agentToken: SIMULATED_AGENT_TOKEN,
    webhookSecret: 'secret of the webhook',
    webhookListen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    store: { path: storePath },
  }) as Content;
  change(config);
  const path = join(folder, 'config.json');
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  let written: ReturnType<typeof recordingTerminal>['lines'] = { out: [], err: [] };
  const examine = async (env: NodeJS.ProcessEnv = {}, clock: Clock = systemClock) => {
    const { terminal, lines } = recordingTerminal(env, clock);
    written = lines;
    const code = await checkCommand({ config: path }, terminal);
    return { code, lines: lines.out, wrong: lines.out.filter((line) => line.startsWith('✗')) };
  };
  return {
    world,
    mac: world.macs[0] as (typeof world.macs)[0],
    storePath,
    path,
    examine,
    /** What the last run of the command has written so far. */
    lines: () => written.out,
    errors: () => written.err,
    [Symbol.asyncDispose]: async () => {
      await world.close();
      rmSync(folder, { recursive: true });
    },
  };
}
