import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { counted } from '../../format.js';
import { bootPlanSchema } from '../../simulator/agent/boot-plan.ts';
import { startSimulatedMac } from '../../simulator/agent/simulated-mac.ts';
import { FaultPlan, faultSchema } from '../../simulator/faults.ts';
import { ensureRepository } from '../../simulator/github/repositories.ts';
import { startSimulatedGitHub } from '../../simulator/github/simulated-github.ts';
import { createHook } from '../../simulator/github/webhooks/create-hook.ts';
import { startSshGuest } from '../../simulator/guest/ssh-guest.ts';
import { ExitCode, type Terminal, UsageError } from '../command.ts';
import { startConfigWorld } from '../simulation/config-world.ts';
import { randomSource } from '../simulation/random-source.ts';
import { startSimulatedWorld } from '../simulation/simulated-world.ts';
import {
  pushExample,
  SIMULATED_AGENT_TOKEN,
  SIMULATED_REPOSITORY,
  worldConfig,
} from '../simulation/world-config.ts';
import { listenForStop } from '../stop-signals.ts';

export const SIMULATED = ['agent', 'github', 'guest', 'world'] as const;

export interface SimulateOptions {
  /** The first port; a world takes several in a row. */
  port?: number;
  host: string;
  token?: string;
  /** A JSON file, or JSON itself: a list of faults, or `{"agent": […], "github": […]}`. */
  faults?: string;
  /** The file of a config for which a world stands in. */
  for?: string;
  seed?: number;
}

/** First port of each; the agent's is that of the real agent. */
const DEFAULT_PORT = { agent: 8011, github: 8012, guest: 2222, world: 8012 };

const SIMULATED_WEBHOOK_SECRET = 'simulated-webhook-secret';

const faultList = z.array(faultSchema);
const faultsByServer = z.strictObject({ agent: faultList.default([]), github: faultList.default([]) });

/** Runs a simulator until a signal. Standard output is for programs, standard error for people. */
export async function simulateCommand(
  what: (typeof SIMULATED)[number],
  options: SimulateOptions,
  terminal: Terminal,
): Promise<number> {
  const faults = options.faults === undefined ? null : await readFaults(options.faults);
  const stop = listenForStop({
    signals: ['SIGINT', 'SIGTERM', 'SIGHUP'],
    clock: terminal.clock,
    force: (code) => process.exit(code),
  });
  const simulator = await START[what](options, terminal, (plan, server) => {
    for (const fault of faults?.[server] ?? []) plan.add(fault);
  });
  terminal.err('Ctrl-C ends it.');
  await stop.first;
  await simulator.close();
  stop.release();
  return ExitCode.ok;
}

type AddFaults = (plan: FaultPlan, server: 'agent' | 'github') => void;

type Start = (
  options: SimulateOptions,
  terminal: Terminal,
  addFaults: AddFaults,
) => Promise<{ close(): Promise<void> }>;

const START: Record<(typeof SIMULATED)[number], Start> = {
  async agent(
    { port = DEFAULT_PORT.agent, host, token = SIMULATED_AGENT_TOKEN, seed },
    { clock, out, err },
    addFaults,
  ) {
    const mac = await startSimulatedMac({ clock, random: randomSource(seed), host, port, token });
    addFaults(mac.faults, 'agent');
    out(mac.url);
    const control = mac.url.replace(/\/v1$/, '/_sim');
    err(`The agent of a simulated Mac, with the API of the real one; its token is ${token}
  curl -H 'Authorization: Bearer ${token}' ${mac.url}/vms
  curl ${control}/world                       what is there, seen from outside
  curl ${control}/faults -d '[{"route": "POST /vms/:id/start", "status": 500, "times": 1}]'`);
    return mac;
  },

  async github({ port = DEFAULT_PORT.github, host, token, seed }, { clock, out, err }, addFaults) {
    const settings = token === undefined ? {} : { tokens: { [token]: {} } };
    const github = await startSimulatedGitHub({ clock, random: randomSource(seed), host, port, settings });
    addFaults(github.faults, 'github');
    ensureRepository(github.world, SIMULATED_REPOSITORY);
    out(github.url);
    err(`A simulated GitHub with the repository ${SIMULATED_REPOSITORY}; it takes ${token ?? 'any token'}
  curl -H 'Authorization: Bearer ${token ?? 'any'}' ${github.url}/repos/${SIMULATED_REPOSITORY}/actions/runs
  curl ${github.url}/_sim/world               what is there, seen from outside
  ${pushExample(github.url)}`);
    return github;
  },

  async guest({ port = DEFAULT_PORT.guest, host, seed, token = 'admin' }, { clock, out, err }, addFaults) {
    const faults = new FaultPlan(clock, randomSource(seed));
    addFaults(faults, 'agent');
    const plan = bootPlanSchema.parse(faults.next('guest boot guest')?.body ?? {});
    const guest = await startSshGuest({
      vmId: 'guest',
      user: 'admin',
      password: token,
      plan,
      host,
      listenPort: port,
    });
    out(`${host}:${guest.port}`);
    err(`A guest as the agent boots it, with a runner in ~/actions-runner; its user is admin, the password ${token}
  ssh -p ${guest.port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@${host}
A fault on \`guest boot *\` makes it a bad one: [{"route": "guest boot *", "body": {"missingTools": ["git"]}}]`);
    return { close: guest.stop };
  },

  async world(options, terminal, addFaults) {
    if (options.for !== undefined) return worldFor(options.for, options, terminal, addFaults);
    return ownWorld(options, terminal, addFaults);
  },
};

/** Stands in for the Macs and GitHub of a config. */
const worldFor = async (
  path: string,
  { port = 0, host, token = SIMULATED_AGENT_TOKEN, seed }: SimulateOptions,
  { clock, out, err }: Terminal,
  addFaults: AddFaults,
) => {
  const { world, content, repository, label, replaced } = await startConfigWorld({
    ...{ path, clock, host, port, agentToken: token, random: randomSource(seed) },
    webhookSecret: SIMULATED_WEBHOOK_SECRET,
  });
  addFaults(world.github.faults, 'github');
  for (const mac of world.macs) addFaults(mac.faults, 'agent');
  out(JSON.stringify(content, null, 2));
  err(`${counted(world.macs.length, 'simulated Mac')} at ${world.macs.map(({ url }) => url).join(', ')} and a simulated GitHub at ${world.github.url}
Above is ${path} for them (alone on standard output); other than in the file: ${replaced.join(', ')}. Put it into a file, and in another terminal:
  jeballto-runner start --config simulated.json
  ${pushExample(world.github.url, { repository, label })}
Make something fail (docs/simulation.md lists more):
  curl ${(world.macs[0]?.url ?? '').replace(/\/v1$/, '/_sim')}/faults -d '[{"route": "POST /vms/:id/start", "status": 500, "times": 1}]'`);
  return world;
};

/** A world of its own, with the config for it. */
const ownWorld = async (
  { port = DEFAULT_PORT.world, host, token = SIMULATED_AGENT_TOKEN, seed }: SimulateOptions,
  { clock, out, err }: Terminal,
  addFaults: AddFaults,
) => {
  const random = randomSource(seed);
  const world = await startSimulatedWorld({ clock, random, host, port, macs: 1, agentToken: token });
  addFaults(world.github.faults, 'github');
  for (const mac of world.macs) addFaults(mac.faults, 'agent');
  const webhookSecret = SIMULATED_WEBHOOK_SECRET;
  const repository = ensureRepository(world.github.world, SIMULATED_REPOSITORY);
  createHook(world.github.world, {
    target: { kind: 'repository', repository },
    url: 'http://127.0.0.1:9090/webhook',
    secret: webhookSecret,
  });
  const config = worldConfig({
    world,
    agentToken: token,
    webhookSecret,
    webhookListen: '127.0.0.1:9090',
    adminListen: '127.0.0.1:9091',
    storePath: './data-simulated',
  });
  out(JSON.stringify(config, null, 2));
  err(`A simulated Mac at ${world.macs.map(({ url }) => url).join(', ')} and a simulated GitHub at ${world.github.url}
Above is a config.json for them (alone on standard output). Put it into a file, and in another terminal:
  jeballto-runner start --config simulated.json
  ${pushExample(world.github.url)}`);
  return world;
};

async function readFaults(path: string): Promise<z.output<typeof faultsByServer>> {
  const isInline = /^\s*[[{]/.test(path);
  const text = isInline
    ? path
    : await readFile(path, 'utf8').catch((error: Error) => {
        throw new UsageError(`The faults cannot be read: ${error.message}`);
      });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw new UsageError(
      `${isInline ? 'What --faults says' : path} is not JSON: ${(error as Error).message}`,
    );
  }
  const both = Array.isArray(content) ? { agent: content, github: content } : content;
  const parsed = faultsByServer.safeParse(both);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `${isInline ? '--faults' : path} holds no faults as the simulators take them:\n${z.prettifyError(parsed.error)}`,
  );
}
