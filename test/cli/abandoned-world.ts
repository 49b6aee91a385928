import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { type LeftoversOptions, leftoversCommand } from '../../src/cli/leftovers/leftovers-command.ts';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { systemClock } from '../../src/clock.ts';
import {
  type EffectFixtureOptions,
  effectFixture,
  LABEL,
  OWNER,
  REPOSITORY,
} from '../effects/effect-fixture.ts';
import { IMAGE, TOKEN } from '../simulator/agent/agent-fixture.ts';
import { jitBody } from '../simulator/github/github-fixture.ts';
import { recordingTerminal } from './recording-terminal.ts';

interface World extends EffectFixtureOptions {
  /** Merged into the config file's section `admin`. */
  admin?: Record<string, unknown>;
  /** How many Macs of the world the config still names. */
  named?: number;
}

/** Macs and GitHub that the controller `t` worked with, and a config in which it has the id `new`. */
export async function abandoned({ admin, named = 1, ...options }: World = {}) {
  const at = await effectFixture(options);
  const folder = mkdtempSync(join(tmpdir(), 'jeballto-leftovers-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config.json');
  const content = {
    github: { api_url: at.github.url, token: 'ghp_oftheleftovers', owner: OWNER, repository: REPOSITORY },
    hosts: at.macs
      .slice(0, named)
      .map(({ url }, n) => ({ name: `mac-${n + 1}`, base_url: url, token: TOKEN })),
    controller: { id: 'new' },
    runner: { ssh_user: 'admin', ssh_password: 'admin', install_path: '~/actions-runner' },
    timeouts: { retire_window: '1s' },
    labels: { [LABEL]: { image: IMAGE } },
    store: { path: join(folder, 'store') },
    admin: { listen: `127.0.0.1:${await freePort(Math.random)}`, ...admin },
  };
  writeFileSync(path, JSON.stringify(content), { mode: 0o600 });
  const run = async (
    more: Partial<LeftoversOptions> = {},
    env: NodeJS.ProcessEnv = {},
    clock = systemClock,
  ) => {
    const { terminal, lines } = recordingTerminal(env, clock);
    const code = await leftoversCommand({ config: path, controllerId: 't', hosts: [], ...more }, terminal);
    return { code, lines: lines.out };
  };
  const register = async (name: string) => {
    const route = `/repos/${OWNER}/${REPOSITORY}/actions/runners/generate-jitconfig`;
    expect((await at.github.ask('POST', route, jitBody(name, [LABEL]))).status).toBe(201);
  };
  const names = (n = 0) => [...(at.macs[n]?.world.vms.values() ?? [])].map(({ name }) => name);
  return { ...at, folder, path, run, register, names };
}
