import { parseBaseName, parseResourceName } from '../../machines/resource-name.ts';
import type { Vm } from '../../src/simulator/agent/vms/vm.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

/** `<prefix>-<controller id>` of the simulated daemon. */
export const NAME_PREFIX = 'gh-default';

export const isOurs = (name: string): boolean => parseResourceName(NAME_PREFIX, name) !== null;

/** A base VM, complete or not. */
export const isBase = (name: string): boolean => parseBaseName(NAME_PREFIX, name) !== null;

/**
 * What must hold at the moment at which a request of the daemon reaches an agent. One whose client `hasLeft` was right
 * when it was sent, and may be late.
 */
export function checkAgentRequest(
  world: SimulatedWorld,
  mac: Mac,
  method: string,
  path: string,
  body: string | null,
  hasLeft = false,
): void {
  const { broken, committed } = world;
  if (method === 'GET' || path === '/images/pull') return;
  if (path === '/vms') {
    checkNewVm(world, mac, JSON.parse(body ?? '{}').name, hasLeft);
    return;
  }
  const vm = mac.agent.vms.get((path.split('/')[2] ?? '').split('?')[0] ?? '');
  if (!vm) return;
  if (method === 'POST' && path.endsWith('/clone')) {
    checkNewVm(world, mac, JSON.parse(body ?? '{}').name, hasLeft);
    if (!parseBaseName(NAME_PREFIX, vm.name)?.isComplete) {
      broken.note('only a complete base is cloned', `${vm.name} on ${mac.name} is none`);
    }
    return;
  }
  if (!isOurs(vm.name) && !isBase(vm.name)) {
    broken.note(
      'law 3: names carry ownership',
      `${method} ${path} touches the stranger ${vm.name} on ${mac.name}`,
    );
  }
  if (method === 'POST' && path.endsWith('/start')) {
    if (!hasLeft && !committed.jobs().some(({ context }) => context.vm?.name === vm.name)) {
      broken.note('law 1: no effect before its record', `VM ${vm.name} is started, and no record owns it`);
    }
  }
  if (method !== 'DELETE' || path.endsWith('/ssh')) return;
  world.ledger.doom(vm);
  checkNotBusy(world, mac, vm);
  if (isBase(vm.name) && vm.state === 'running') {
    broken.note('a base in use is not touched', `${vm.name} on ${mac.name} is deleted while it runs`);
  }
}

/**
 * Milliseconds for which a create may still take effect, by the default of `create_settle`. One that hangs for longer
 * in an agent, since its client is frozen, never takes effect in this world: another order for its name is right.
 */
export const CREATE_SETTLE = 120_000;

/** A base has no record but its name, which must not say "complete" before the base is. */
function checkNewVm(world: SimulatedWorld, mac: Mac, name: string, hasLeft: boolean): void {
  const { broken, committed, scenario } = world;
  if (hasLeft) {
    world.ledger.expectLate(name);
    return;
  }
  const isOrdered = isBase(name)
    ? scenario.daemon.baseVms && !parseBaseName(NAME_PREFIX, name)?.isComplete
    : committed.jobs().some(({ context }) => context.vm?.name === name);
  if (!isOrdered) {
    broken.note(
      'law 1: no effect before its record',
      `VM ${name} is ordered from ${mac.name}, and no record says so`,
    );
  }
  const since = mac.creating.get(name);
  const isBeingMade = since !== undefined && world.clock.now() < since + CREATE_SETTLE;
  if (isBeingMade || [...mac.agent.vms.values()].some((vm) => vm.name === name)) {
    broken.note(
      'law 2: observe, then act',
      `VM ${name} is ordered from ${mac.name}, where it exists or is being made`,
    );
  }
}

/** Milliseconds for which a VM that is at work stays after its lifetime; its agent has to end it. */
const EXPIRY_MARGIN = 5 * 60_000;

/** A job's VM may be ended only by its lifetime, which is measured on its host's clock. */
function checkNotBusy({ broken, github }: SimulatedWorld, mac: Mac, vm: Vm): void {
  const guest = mac.memory.guestOf(vm.name);
  if (!guest?.isWorking) return;
  const lease = [...github.leases.values()].find(({ runner }) => guest.runners.has(runner.name));
  if (!lease) return;
  const age = vm.expiresAt === null ? -Infinity : mac.agent.clock.now() - vm.expiresAt;
  if (age >= EXPIRY_MARGIN) return;
  const isOld = age >= 0;
  broken.note(
    isOld
      ? 'law 13: no VM is killed for its age before its guest was asked'
      : 'law 5: no busy runner is ever killed',
    `VM ${vm.name} is deleted while job ${lease.job.id} runs in it`,
  );
}

/** What must hold at the moment at which a request of the daemon reaches GitHub. */
export function checkGitHubRequest(
  { broken, committed, github }: SimulatedWorld,
  method: string,
  path: string,
  body: string | null,
): void {
  if (method === 'POST' && path.endsWith('/generate-jitconfig')) {
    const { name } = JSON.parse(body ?? '{}');
    if (!committed.jobs().some(({ context }) => context.runner?.name === name)) {
      broken.note(
        'law 1: no effect before its record',
        `runner ${name} is registered, and no record says so`,
      );
    }
  }
  const id = /\/actions\/runners\/(\d+)$/.exec(path)?.[1];
  if (method !== 'DELETE' || id === undefined) return;
  const runner = github.runners.get(Number(id));
  if (runner && !isOurs(runner.name)) {
    broken.note('law 3: names carry ownership', `the stranger's runner ${runner.name} is removed`);
  }
}

/** What must hold at the moment at which a runner is launched in a guest. */
export function checkLaunch({ broken, committed }: SimulatedWorld, runnerName: string): void {
  if (committed.jobs().some(({ context }) => context.runner?.name === runnerName)) return;
  broken.note(
    'law 1: no effect before its record',
    `runner ${runnerName} is launched, and no record says so`,
  );
}
