import type { Clock } from '../../clock.ts';
import { configSchema } from '../../config/schema.ts';
import { isMap } from '../../config/sections/sections.ts';
import { readConfigFile } from '../../config/sources/config-file.ts';
import { addRunnerGroup, ensureAccount, ensureRepository } from '../../simulator/github/repositories.ts';
import { createHook } from '../../simulator/github/webhooks/create-hook.ts';
import { UsageError } from '../command.ts';
import { type SimulatedWorld, startSimulatedWorld } from './simulated-world.ts';

export interface ConfigWorldOptions {
  path: string;
  clock: Clock;
  random: () => number;
  host: string;
  /** First of the ports; 0 takes free ports. */
  port: number;
  agentToken: string;
  webhookSecret: string;
}

export interface ConfigWorld {
  world: SimulatedWorld;
  /** The config with every address outside this machine replaced; its secrets are those of the simulation. */
  content: Record<string, unknown>;
  /** A repository and a label of it, for an example. */
  repository: string;
  label: string;
  /** The keys whose values differ from the file. */
  replaced: string[];
}

type Section = Record<string, unknown>;

const section = (content: Section, name: string): Section =>
  isMap(content[name]) ? { ...(content[name] as Section) } : {};

/**
 * Starts a simulated Mac for each host of a config, and a simulated GitHub with its repositories. No host of
 * the config is called, and no file or variable that it names is read. Throws a UsageError when it cannot be
 * used.
 */
export async function startConfigWorld(options: ConfigWorldOptions): Promise<ConfigWorld> {
  const { path, agentToken, webhookSecret, ...where } = options;
  const { content } = readConfigFile(path);
  const hosts = Array.isArray(content.hosts) ? (content.hosts as unknown[]).filter(isMap) : null;
  const runner = section(content, 'runner');
  const world = await startSimulatedWorld({
    ...where,
    macs: hosts?.length ?? 1,
    agentToken,
    guests: { user: typeof runner.ssh_user === 'string' ? runner.ssh_user : 'admin', password: 'admin' },
  });
  try {
    const agents = world.macs.map(({ url }) => ({ base_url: url, token: agentToken }));
    const { token, app_id, app_private_key_path, installation_id, webhook_secret, ...github } = section(
      content,
      'github',
    );
    const { ssh_private_key_path, ...login } = runner;
    const { mode = 'poll' } = section(content, 'controller');
    const derived = {
      ...content,
      github: {
        ...github,
        api_url: world.github.url,
        token: 'simulated-github-token',
        ...(mode !== 'poll' && { webhook_secret: webhookSecret }),
      },
      ...(hosts
        ? { hosts: hosts.map((host, at) => ({ ...withoutToken(host as Section), ...agents[at] })) }
        : { jeballto: agents[0] }),
      runner: { ...login, ssh_password: 'admin', install_path: '~/actions-runner' },
      store: { ...section(content, 'store'), path: './data-simulated' },
    };
    const parsed = configSchema.safeParse(derived);
    if (!parsed.success) {
      throw new UsageError(
        `${path} is not a valid configuration: "jeballto-runner check --config ${path}" says why.`,
      );
    }
    const { repository, label } = furnish(world, parsed.data, webhookSecret);
    const replaced = ['github', hosts ? 'hosts' : 'jeballto', 'runner', 'store'];
    return { world, content: derived, repository, label, replaced: differences(content, derived, replaced) };
  } catch (error) {
    await world.close();
    throw error;
  }
}

function withoutToken({ token, token_file, token_command, ...host }: Section): Section {
  return host;
}

/** Creates at the simulated GitHub what the config names. */
function furnish(
  { github: { world } }: SimulatedWorld,
  { github, runner, controller, labels }: ReturnType<typeof configSchema.parse>,
  secret: string,
): { repository: string; label: string } {
  const names = github.repositories.length > 0 ? github.repositories : [`${github.owner}/app`];
  const { host, port } = controller.webhook_listen;
  const url = `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${port}/webhook`;
  for (const name of names) {
    const repository = ensureRepository(world, name);
    if (controller.mode !== 'poll') {
      createHook(world, { target: { kind: 'repository', repository }, url, secret });
    }
  }
  if (runner.group !== 'Default') {
    ensureAccount(world, github.owner);
    addRunnerGroup(world, github.owner, runner.group);
  }
  return { repository: names[0] ?? '', label: Object.keys(labels)[0] ?? '' };
}

/** Keys of the sections whose values differ; a key that is gone counts too. */
function differences(before: Section, after: Section, sections: string[]): string[] {
  return sections.flatMap((name) => {
    if (Array.isArray(after[name])) return [`${name}[].base_url`, `${name}[].token`];
    const [old, now] = [section(before, name), section(after, name)];
    return [...new Set([...Object.keys(old), ...Object.keys(now)])]
      .filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
      .map((key) => `${name}.${key}`);
  });
}
