import { connect } from 'node:net';

import { randomSource } from '../../../src/cli/simulation/random-source.ts';
import { systemClock } from '../../../src/clock.ts';
import { startAgentServer } from '../../../src/simulator/agent/agent-server.ts';
import type { AgentWorld } from '../../../src/simulator/agent/agent-world.ts';
import type { BootPlan } from '../../../src/simulator/agent/boot-plan.ts';
import type { GuestCommandResult, Hypervisor } from '../../../src/simulator/agent/hypervisor.ts';
import { createAgentWorld, shutDown } from '../../../src/simulator/agent/launch.ts';
import { disableSsh, enableSsh } from '../../../src/simulator/agent/network/ssh-forwarding.ts';
import type { AgentSettings } from '../../../src/simulator/agent/options.ts';
import { type CreateRequest, createVm } from '../../../src/simulator/agent/vms/creation.ts';
import { startVm, stopVm } from '../../../src/simulator/agent/vms/power.ts';
import { deleteVm } from '../../../src/simulator/agent/vms/removal.ts';
import type { Vm } from '../../../src/simulator/agent/vms/vm.ts';
import { FaultPlan, hang } from '../../../src/simulator/faults.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export const TOKEN = 'A3F1C2D4-0000-4000-8000-1234567890AB';
export const IMAGE = 'ghcr.io/jeballto/macos-ci:latest';

/** Random numbers in [0, 1) for the simulators, the same ones for the same seed. */
export const seededRandom = (seed: number): (() => number) => randomSource(seed);

/** Guests and ports in memory, which record every call. */
export function memoryHypervisor() {
  const listening = new Map<number, () => number | null>();
  const powered = new Map<string, BootPlan>();
  const busyPorts = new Set<number>();
  let result: GuestCommandResult = { exitCode: 0, stdout: '', stderr: '' };
  let executes = (_signal: AbortSignal): Promise<GuestCommandResult> => Promise.resolve(result);
  let nextPort = 40_000;
  const hypervisor: Hypervisor = {
    powerOn: async ({ id }, plan) => {
      powered.set(id, plan);
      nextPort += 1;
      return { port: nextPort, stop: async () => void powered.delete(id) };
    },
    forward: async (asked, target) => {
      nextPort += 1;
      const port = asked || nextPort;
      if (busyPorts.has(port)) throw new Error(`listen EADDRINUSE ${port}`);
      listening.set(port, target);
      return {
        port,
        get listening() {
          return listening.has(port);
        },
        cut: () => undefined,
        close: async () => void listening.delete(port),
      };
    },
    execute: (_port, _command, signal) => executes(signal),
  };
  return {
    hypervisor,
    listening,
    powered,
    /** Ports that another program uses. */
    busyPorts,
    answer: (given: GuestCommandResult) => {
      result = given;
    },
    hang: () => {
      executes = hang;
    },
  };
}

export type MemoryHypervisor = ReturnType<typeof memoryHypervisor>;

const BLANK_REQUEST: Omit<CreateRequest, 'name'> = {
  image: null,
  resources: {},
  namesResources: false,
  ephemeral: false,
  lifetimeSeconds: null,
};

/** A world in memory and on virtual time. */
export function virtualWorld(settings: AgentSettings = {}) {
  const clock = new ManualClock();
  const random = seededRandom(1);
  const faults = new FaultPlan(clock, random);
  const memory = memoryHypervisor();
  const world = createAgentWorld({ clock, random, faults, hypervisor: memory.hypervisor, settings });
  const life = () => world.life.end.signal;
  /** Operations that also let their time pass. */
  const act = {
    create: (name = 'vm', more: Partial<CreateRequest> = {}) =>
      clock.finish(createVm(world, { ...BLANK_REQUEST, name, image: IMAGE, ...more }, life())),
    start: (vm: Vm) => clock.finish(startVm(world, vm.id, life())),
    stop: (vm: Vm) => clock.finish(stopVm(world, vm.id, life())),
    delete: (vm: Vm, force = true) => clock.finish(deleteVm(world, vm.id, force, life())),
    enableSsh: (vm: Vm) => clock.finish(enableSsh(world, vm.id, life())),
    disableSsh: (vm: Vm) => clock.finish(disableSsh(world, vm.id)),
    running: async (name = 'vm', more: Partial<CreateRequest> = {}) =>
      act.start(await act.create(name, more)),
  };
  return { world, clock, faults, memory, act, life };
}

/** Latencies short enough for tests that wait on real time. */
export const QUICK: NonNullable<AgentSettings['latencies']> = {
  resolve: 1,
  pull: 8,
  clone: 1,
  resize: 1,
  start: 1,
  stop: 1,
  delete: 1,
  nat: 1,
  sshd: 1,
  autoDelete: 1,
  autoDeleteRetry: 5,
  natSearch: 50,
};

export interface HttpAnswer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** A world behind its real HTTP server, with guests in memory. Closed by `await using`. */
export async function servedWorld(
  settings: AgentSettings = {},
  serving: { maxConnections?: number; receiveMs?: number } = {},
) {
  const random = seededRandom(1);
  const faults = new FaultPlan(systemClock, random);
  const memory = memoryHypervisor();
  const world: AgentWorld = createAgentWorld({
    clock: systemClock,
    random,
    faults,
    hypervisor: memory.hypervisor,
    settings: { ...settings, latencies: { ...QUICK, ...settings.latencies } },
  });
  const server = await startAgentServer({ world, token: TOKEN, ...serving });
  const call = async (method: string, path: string, body?: unknown, token = TOKEN): Promise<HttpAnswer> => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  };
  return {
    world,
    faults,
    memory,
    server,
    call,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await shutDown(world, 'graceful');
    },
  };
}

/** Sends bytes as they are and gives back everything that comes until the connection closes. */
export function rawExchange(port: number, request: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.write(request);
  });
}

export const codeOf = (body: unknown) => (body as { error?: { code?: string } }).error?.code;

/** A VM that was made over HTTP, and is stopped. */
export async function create(
  mac: Awaited<ReturnType<typeof servedWorld>>,
  more: Record<string, unknown> = {},
) {
  const { status, body } = await mac.call('POST', '/vms', { name: 'vm', image: IMAGE, ...more });
  if (status !== 201) throw new Error(`POST /vms returned ${status}: ${JSON.stringify(body)}`);
  return body as { id: string; state: string };
}
