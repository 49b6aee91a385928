import { addForeignVm, removeForeignVm } from '../../src/simulator/agent/control.ts';
import { startVm } from '../../src/simulator/agent/vms/power.ts';
import { registerVm } from '../../src/simulator/agent/vms/vm-state.ts';
import { rebuildGitHub } from './rebuild-github.ts';
import { isOurs } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';
import type { RunnerInGuest, StoredVm, StoredWorld } from './stored-world.ts';

/**
 * Milliseconds until the VMs of others are removed, and until a create or a start that was under way takes
 * effect.
 */
const STRANGERS_STAY = 120_000;
const STILL_UNDER_WAY = 20_000;

/**
 * Turns a new world into the one in which a store was written, at the instant at which its daemon was killed.
 * What kept jobs waiting there is over: guests boot, hosts and GitHub respond. Takes about a second of
 * virtual time.
 */
export async function rebuildWorld(world: SimulatedWorld, stored: StoredWorld): Promise<void> {
  await world.clock.sleepUntil(stored.at);
  const github = rebuildGitHub(world, stored);
  await Promise.all(
    stored.macs.map(async ({ name, making, vms }) => {
      const mac = world.macs.get(name);
      if (!mac) throw new Error(`the scenario has no ${name}`);
      for (const vm of vms) await rebuildVm(world, mac, vm);
      for (const vmName of making) void appearLater(world, mac, vmName);
      for (const { name: vmName, runner } of vms) if (runner) rebuildRunner(mac, vmName, runner, github);
    }),
  );
  await github.jobsAreTaken();
}

async function rebuildVm(world: SimulatedWorld, mac: Mac, stored: StoredVm): Promise<void> {
  const { agent } = mac;
  if (!isOurs(stored.name)) {
    const stranger = addForeignVm(agent, { name: stored.name });
    void world.clock
      .sleepUntil(world.clock.now() + STRANGERS_STAY)
      .then(() => removeForeignVm(agent, stranger));
    return;
  }
  const resources = { cpuCount: stored.cpus, memorySize: 8 * 1024 ** 3, diskSize: 64 * 1024 ** 3 };
  const state = stored.state === 'deleted' ? 'deleted' : 'stopped';
  const { name, ephemeral, lifetimeSeconds, id, expiresAt } = stored;
  const made = registerVm(agent, { name, state, resources, ephemeral, lifetimeSeconds });
  agent.vms.delete(made.id);
  agent.vms.set(id, { ...made, id, expiresAt });
  const { signal } = agent.life.end;
  if (stored.state === 'starting') {
    agent.faults.add({ route: `mac start ${name}`, delayMs: STILL_UNDER_WAY, times: 1 });
    startVm(agent, id, signal).catch(() => undefined);
  }
  if (stored.state !== 'running') return;
  // The agent gives each guest the lowest free port.
  const below: number[] = [];
  const { sshPorts } = agent.options;
  if (sshPorts !== 'any')
    for (let port = sshPorts.start; port < (stored.port ?? 0); port += 1) below.push(port);
  const taken = below.filter((port) => !agent.portsInUse.has(port));
  for (const port of taken) agent.portsInUse.add(port);
  await (await startVm(agent, id, signal)).power?.network.done;
  for (const port of taken) agent.portsInUse.delete(port);
}

/** The agent continues a create whose client is gone, unless the agent itself ends. */
async function appearLater(world: SimulatedWorld, { agent, creating }: Mac, name: string): Promise<void> {
  const { signal } = agent.life.end;
  creating.set(name, world.clock.now());
  await world.clock.sleepUntil(world.clock.now() + STILL_UNDER_WAY, signal).catch(() => undefined);
  creating.delete(name);
  if (signal.aborted) return;
  const resources = { cpuCount: 4, memorySize: 8 * 1024 ** 3, diskSize: 64 * 1024 ** 3 };
  registerVm(agent, { name, state: 'stopped', resources, ephemeral: true, lifetimeSeconds: 14_400 });
}

const QUICK = { connectsAfter: 0, exitsWith: null, lingers: 500, diesInJobAfter: null, clockSkew: 0 };
const SLOW = { ...QUICK, connectsAfter: 5_000 };

function rebuildRunner(
  mac: Mac,
  vmName: string,
  { name, does, exitCode, log }: RunnerInGuest,
  github: ReturnType<typeof rebuildGitHub>,
): void {
  const guest = mac.memory.guestOf(vmName);
  if (!guest) throw new Error(`${vmName} has no guest`);
  if (does === 'connects' || does === 'listens' || does === 'works') {
    Object.assign(guest.manners, does === 'connects' ? SLOW : QUICK);
    guest.launch(name, github.credentialsOf(name));
    return;
  }
  const hasEnded = does !== 'lingers';
  const process = does === 'lingers' ? 'running' : does;
  const runner = { process, exitCode, log, isWorking: false, tookJob: true, watchers: new Set<() => void>() };
  guest.runners.set(name, runner as Parameters<typeof guest.runners.set>[1]);
  if (hasEnded) return;
  void github.soon().then(() => {
    Object.assign(runner, { process: 'exited', exitCode: 0 });
    for (const tell of runner.watchers) tell();
  });
}
