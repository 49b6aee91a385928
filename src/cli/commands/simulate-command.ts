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
import { type SimulatedWorld, startSimulatedWorld } from '../simulation/simulated-world.ts';
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
  /** The file of a config whose Macs and GitHub are simulated. */
  for?: string;
  seed?: number;
  json?: boolean;
}

/** First port of each; the agent's is that of the real agent. */
const DEFAULT_PORT = { agent: 8011, github: 8012, guest: 2222, world: 8012 };

const SIMULATED_WEBHOOK_SECRET = 'simulated-webhook-secret';

const faultList = z.array(faultSchema);
const faultsByServer = z.strictObject({ agent: faultList.default([]), github: faultList.default([]) });

/**
 * Runs a simulator until a signal. Standard output is for programs, standard error for people; with `json`
 * there is one line of JSON alone.
 */
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
  const { json, printed, hints, ...simulator } = await START[what](options, terminal, (plan, server) => {
    for (const fault of faults?.[server] ?? []) plan.add(fault);
  });
  terminal.out(options.json ? JSON.stringify(json) : printed);
  if (!options.json) terminal.err(`${hints}\nCtrl-C ends it.`);
  await stop.first;
  await simulator.close();
  stop.release();
  return ExitCode.ok;
}

type AddFaults = (plan: FaultPlan, server: 'agent' | 'github') => void;

interface Simulator {
  /** How other programs reach it. */
  json: Record<string, unknown>;
  /** The same without `--json`. */
  printed: string;
  hints: string;
  close(): Promise<void>;
}

type Start = (options: SimulateOptions, terminal: Terminal, addFaults: AddFaults) => Promise<Simulator>;

const START: Record<(typeof SIMULATED)[number], Start> = {
  async agent(
    { port = DEFAULT_PORT.agent, host, token = SIMULATED_AGENT_TOKEN, seed },
    { clock },
    addFaults,
  ) {
    const mac = await startSimulatedMac({ clock, random: randomSource(seed), host, port, token });
    addFaults(mac.faults, 'agent');
    const control = controlOf(mac.url);
    return {
      json: { agent: mac.url, control, token },
      printed: mac.url,
      hints: `The agent of a simulated Mac, with the API of the real one; its token is ${token}
  curl -H 'Authorization: Bearer ${token}' ${mac.url}/vms
  curl ${control}/world                       what is there, seen from outside
  curl ${control}/faults -d '[{"route": "POST /vms/:id/start", "status": 500, "times": 1}]'`,
      close: () => mac.close(),
    };
  },

  async github({ port = DEFAULT_PORT.github, host, token, seed }, { clock }, addFaults) {
    const settings = token === undefined ? {} : { tokens: { [token]: {} } };
    const github = await startSimulatedGitHub({ clock, random: randomSource(seed), host, port, settings });
    addFaults(github.faults, 'github');
    ensureRepository(github.world, SIMULATED_REPOSITORY);
    return {
      json: {
        github: github.url,
        control: `${github.url}/_sim`,
        token: token ?? null,
        repository: SIMULATED_REPOSITORY,
      },
      printed: github.url,
      hints: `A simulated GitHub with the repository ${SIMULATED_REPOSITORY}; it takes ${token ?? 'any token'}
  curl -H 'Authorization: Bearer ${token ?? 'any'}' ${github.url}/repos/${SIMULATED_REPOSITORY}/actions/runs
  curl ${github.url}/_sim/world               what is there, seen from outside
  ${pushExample(github.url)}`,
      close: () => github.close(),
    };
  },

  async guest({ port = DEFAULT_PORT.guest, host, seed, token = 'admin' }, { clock }, addFaults) {
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
    return {
      json: { host, port: guest.port, user: 'admin', password: token },
      printed: `${host}:${guest.port}`,
      hints: `A guest as the agent boots it, with a runner in ~/actions-runner; its user is admin, the password ${token}
  ssh -p ${guest.port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null admin@${host}
A fault on \`guest boot *\` makes it a bad one: [{"route": "guest boot *", "body": {"missingTools": ["git"]}}]`,
      close: guest.stop,
    };
  },

  async world(options, terminal, addFaults) {
    if (options.for !== undefined) return worldFor(options.for, options, terminal, addFaults);
    return ownWorld(options, terminal, addFaults);
  },
};

/** Simulates the Macs and the GitHub of a config. */
const worldFor = async (
  path: string,
  { port = 0, host, token = SIMULATED_AGENT_TOKEN, seed }: SimulateOptions,
  { clock }: Terminal,
  addFaults: AddFaults,
): Promise<Simulator> => {
  const { world, content, repository, label, replaced } = await startConfigWorld({
    path,
    clock,
    host,
    port,
    agentToken: token,
    random: randomSource(seed),
    webhookSecret: SIMULATED_WEBHOOK_SECRET,
  });
  addFaults(world.github.faults, 'github');
  for (const mac of world.macs) addFaults(mac.faults, 'agent');
  return {
    json: worldJson(world, content),
    printed: JSON.stringify(content, null, 2),
    hints: `${counted(world.macs.length, 'simulated Mac')} at ${world.macs.map(({ url }) => url).join(', ')} and a simulated GitHub at ${world.github.url}
Above is ${path} for them (standard output holds nothing else); these keys differ from the file: ${replaced.join(', ')}. Put it into a file, and in another terminal:
  jeballto-runner start --config simulated.json
  ${pushExample(world.github.url, { repository, label })}
Make something fail (docs/simulation.md lists more):
  curl ${controlOf(world.macs[0]?.url ?? '')}/faults -d '[{"route": "POST /vms/:id/start", "status": 500, "times": 1}]'`,
    close: world.close,
  };
};

/** A world of its own, with the config for it. */
const ownWorld = async (
  { port = DEFAULT_PORT.world, host, token = SIMULATED_AGENT_TOKEN, seed }: SimulateOptions,
  { clock }: Terminal,
  addFaults: AddFaults,
): Promise<Simulator> => {
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
    store: { path: './data-simulated' },
  });
  return {
    json: worldJson(world, config),
    printed: JSON.stringify(config, null, 2),
    hints: `A simulated Mac at ${world.macs.map(({ url }) => url).join(', ')} and a simulated GitHub at ${world.github.url}
Above is a config.json for them (standard output holds nothing else). Put it into a file, and in another terminal:
  jeballto-runner start --config simulated.json
  ${pushExample(world.github.url)}`,
    close: world.close,
  };
};

/** The address for adding faults and for reading the state of the simulated world. */
const controlOf = (agentUrl: string) => agentUrl.replace(/\/v1$/, '/_sim');

/** The config contains the token of the agents and the secret of the webhook. */
const worldJson = ({ github, macs }: SimulatedWorld, config: object) => ({
  config,
  github: { url: github.url, control: `${github.url}/_sim` },
  agents: macs.map(({ url }) => ({ url, control: controlOf(url) })),
});

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
    throw new UsageError(`${isInline ? '--faults' : path} is not JSON: ${(error as Error).message}`);
  }
  const both = Array.isArray(content) ? { agent: content, github: content } : content;
  const parsed = faultsByServer.safeParse(both);
  if (parsed.success) return parsed.data;
  throw new UsageError(
    `${isInline ? '--faults' : path} does not hold valid faults (docs/simulation.md describes them):\n${z.prettifyError(parsed.error)}`,
  );
}
