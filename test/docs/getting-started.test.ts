import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkCommand } from '../../src/cli/commands/check-command.ts';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { startSimulatedWorld } from '../../src/cli/simulation/simulated-world.ts';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { systemClock } from '../../src/clock.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { recordingTerminal } from '../cli/recording-terminal.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/getting-started.md'), 'utf8');

/** Replaces what differs from machine to machine by one character. */
const general = (line: string) =>
  line
    .replaceAll(/http:\/\/\S+?(?=[,\s])/g, 'URL')
    .replaceAll(/\S*\/?config\.json/g, 'config.json')
    .replaceAll(/\/\S+\/data/g, 'DATA')
    .replaceAll(/started \d.*? ago/g, 'started SPAN ago')
    .replaceAll(/:\d+/g, ':PORT');

test('check prints what the page says that it prints', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-docs-'));
  const world = await startSimulatedWorld({
    ...{ clock: systemClock, random: Math.random, host: '127.0.0.1', port: 0, macs: 1 },
    agentToken: SIMULATED_AGENT_TOKEN,
  });
  ensureRepository(world.github.world, 'acme/app');
  const config = join(folder, 'config.json');
  writeFileSync(
    config,
    JSON.stringify({
      github: { api_url: world.github.url, token: 'ghp_example', owner: 'acme', repository: 'app' },
      jeballto: { base_url: world.macs[0]?.url, token: SIMULATED_AGENT_TOKEN },
      labels: { 'jeballto-macos': { image: 'ghcr.io/jeballto/macos-ci:latest' } },
      controller: { webhook_listen: `:${await freePort(Math.random)}` },
      admin: { listen: `127.0.0.1:${await freePort(Math.random)}` },
    }),
    { mode: 0o600 },
  );
  const { terminal, lines } = recordingTerminal();
  await checkCommand({ config }, terminal);
  await world.close();
  rmSync(folder, { recursive: true });
  const [said = ''] = /```text\n(✓ config[\s\S]*?)```/.exec(page)?.slice(1) ?? [];
  expect(lines.out.map(general)).toEqual(said.trim().split('\n').map(general));
});
