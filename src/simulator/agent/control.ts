import { z } from 'zod';
import { type Fault, faultSchema } from '../faults.ts';
import type { AgentWorld } from './agent-world.ts';
import { bootPlanSchema } from './boot-plan.ts';
import { noContent, ok, type Reply, refusalReply } from './http/reply.ts';
import type { RequestHead } from './http/request-head.ts';
import { isActive } from './images/pull-operation.ts';
import type { AgentEnd } from './launch.ts';
import { guestEnded, newPower, powerOff } from './vms/power.ts';
import { forgetVm } from './vms/removal.ts';
import type { Vm } from './vms/vm.ts';
import { listVms, registerVm, slotsInUse } from './vms/vm-state.ts';

export type Restart = (end: AgentEnd, downMs: number) => Promise<void>;

const faultList = z.array(faultSchema);
const restartFields = z.strictObject({
  mode: z.enum(['graceful', 'crash']),
  downMs: z.number().nonnegative().default(0),
});
const maintenanceFields = z.strictObject({ on: z.boolean() });
const registryFields = z.strictObject({
  denied: z.array(z.string()).optional(),
  /** By normalised reference: the tag has this digest from now on. */
  digests: z.record(z.string(), z.string()).optional(),
  /** By digest: how VMs of this image boot from now on. */
  boots: z.record(z.string(), bootPlanSchema).optional(),
});
const guestFields = z.strictObject({ how: z.enum(['shutdown', 'panic']) });
const foreignFields = z.strictObject({
  name: z.string().min(1),
  state: z.enum(['stopped', 'running', 'paused', 'error']).default('running'),
  ephemeral: z.boolean().default(false),
  /** For a VM in `error`: it uses a slot that the agent's list does not show. */
  hasRuntime: z.boolean().default(false),
});

/** A VM that another tool made and runs on this Mac: the agent lists it, and it uses a slot. */
export function addForeignVm(world: AgentWorld, given: z.input<typeof foreignFields>): Vm {
  const { name, state, ephemeral, hasRuntime } = foreignFields.parse(given);
  const resources = { cpuCount: 4, memorySize: 8 * 1024 ** 3, diskSize: 64 * 1024 ** 3 };
  const vm = registerVm(world, { name, state, resources, ephemeral, lifetimeSeconds: null });
  vm.hasBooted = state !== 'stopped';
  vm.hasRuntime = hasRuntime;
  if (state === 'running') vm.power = newPower(world, { natMs: 'never', sshdMs: 'never' }, null);
  world.vmsCreated -= 1;
  return vm;
}

/** Removes a VM as if its owner had deleted it with another tool: no gate, no delay. */
export async function removeForeignVm(world: AgentWorld, vm: Vm): Promise<void> {
  await powerOff(world, vm);
  forgetVm(world, vm);
}

/**
 * The simulator's own routes, which the real agent does not have: without a token, but only for clients on
 * this machine. `restart` responds before it restarts, since the restart cuts this connection too.
 */
export async function answerControl(
  world: AgentWorld,
  restart: Restart,
  head: RequestHead,
  body: Buffer,
  from: string,
): Promise<Reply> {
  if (!/^(?:::ffff:)?127\.|^::1$/.test(from)) {
    return refusalReply(403, 'LOOPBACK_ONLY', 'Control routes answer clients on this machine only');
  }
  const [, , kind = '', id = '', action = ''] = head.path.split('/');
  try {
    const reply = await control(world, restart, `${head.method} ${kind}`, id, action, () => parse(body));
    return reply ?? refusalReply(404, 'NOT_FOUND', 'No such control route');
  } catch (error) {
    const message = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return refusalReply(400, 'INVALID_REQUEST', message);
  }
}

async function control(
  world: AgentWorld,
  restart: Restart,
  route: string,
  id: string,
  action: string,
  json: () => unknown,
): Promise<Reply | null> {
  switch (route) {
    case 'GET world':
      return ok(contentsOf(world));
    case 'GET faults':
      return ok(world.faults.list().map(({ fault, hits }) => ({ ...fault, hits })));
    case 'POST faults':
      for (const fault of faultList.parse(json()) as Fault[]) world.faults.add(fault);
      return noContent;
    case 'DELETE faults':
      world.faults.clear();
      return noContent;
    case 'POST maintenance':
      world.maintenance = maintenanceFields.parse(json()).on;
      return noContent;
    case 'PUT registry':
      changeRegistry(world, registryFields.parse(json()));
      return noContent;
    case 'POST restart': {
      const { mode, downMs } = restartFields.parse(json());
      // In the next tick, so that this response is sent first.
      setImmediate(() => void restart(mode, downMs));
      return { status: 202, body: { mode, downMs } };
    }
    case 'POST vms':
      if (id === '')
        return { status: 201, body: { id: addForeignVm(world, foreignFields.parse(json())).id } };
      return await controlVm(world, world.vms.get(id), action, json);
    case 'DELETE vms': {
      const vm = world.vms.get(id);
      if (vm) await removeForeignVm(world, vm);
      return vm ? noContent : null;
    }
    default:
      return null;
  }
}

function changeRegistry(
  { options: { registry } }: AgentWorld,
  { denied, digests = {}, boots = {} }: z.output<typeof registryFields>,
): void {
  if (denied) registry.denied = denied;
  for (const [reference, digest] of Object.entries(digests))
    registry.images[reference] = { ...registry.images[reference], digest };
  Object.assign(registry.boots, boots);
}

async function controlVm(world: AgentWorld, vm: Vm | undefined, action: string, json: () => unknown) {
  if (vm && action === 'guest') {
    await guestEnded(world, vm, guestFields.parse(json()).how);
    return noContent;
  }
  if (vm && action === 'cut') {
    vm.power?.forward?.cut();
    return noContent;
  }
  return null;
}

/** What is on the Mac right now, for a demonstration's final count and for tests that look for leaks. */
function contentsOf(world: AgentWorld) {
  return {
    vmsCreated: world.vmsCreated,
    vms: listVms(world).map((vm) => ({
      id: vm.id,
      name: vm.name,
      state: vm.state,
      sshPort: vm.power?.forward?.port ?? null,
    })),
    slotsInUse: slotsInUse(world),
    sshPorts: [...world.portsInUse],
    activePulls: [...world.pulls.values()].filter(isActive).length,
    images: [...world.images.local.keys()],
  };
}

function parse(body: Buffer): unknown {
  return JSON.parse(body.toString('utf8') || 'null');
}
