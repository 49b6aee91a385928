import type { Fault } from '../../faults.ts';
import { type AgentWorld, operationFault, spend, vmById } from '../agent-world.ts';
import { parseImageReference } from '../images/image-reference.ts';
import type { LocalImage } from '../images/image-store.ts';
import { imageOf } from '../images/pull-operation.ts';
import { startPull } from '../images/pulls.ts';
import { GIB, type Resources } from '../options.ts';
import { invalidRequest, invalidState, Refusal } from '../refusal.ts';
import { forceStop } from './power.ts';
import { deleteVm } from './removal.ts';
import { updateVm } from './update.ts';
import type { Vm } from './vm.ts';
import { checkBounds, checkHost } from './vm-fields.ts';
import { registerVm } from './vm-state.ts';

const BLANK: Resources = { cpuCount: 4, memorySize: 8 * GIB, diskSize: 64 * GIB };

export interface CreateRequest {
  name: string;
  image: string | null;
  resources: Partial<Resources>;
  /** Whether the request had the field `resources`, even an empty one. */
  namesResources: boolean;
  ephemeral: boolean;
  lifetimeSeconds: number | null;
}

/** Throws 400 for what the agent refuses before any work. */
export function checkCreate(world: AgentWorld, request: CreateRequest): void {
  if (request.image === null) {
    checkBounds(request.resources, 'INVALID_RESOURCES');
    return;
  }
  if (request.namesResources) throw invalidRequest("Invalid request: 'resources' cannot be set with 'image'");
  const reference = parseImageReference(request.image, world.options.registry.defaultRegistry);
  if (reference === 'syntax') throw invalidRequest('Invalid request: image: Invalid image reference');
  if (reference === 'registry missing') throw registryMissing();
}

/**
 * Makes a VM: `stopped` from an image, which is pulled first when it must be, or blank and `created`. It is
 * listed only when it is complete, and nothing remains of it when `signal` aborts or the work fails. Not
 * idempotent: names may repeat.
 */
export async function createVm(world: AgentWorld, request: CreateRequest, signal: AbortSignal): Promise<Vm> {
  const { name, ephemeral, lifetimeSeconds } = request;
  if (request.image === null) {
    const resources = { ...BLANK, ...request.resources };
    checkHost(resources, world.options.host, 'CREATE_FAILED');
    return registerVm(world, { name, state: 'created', resources, ephemeral, lifetimeSeconds });
  }
  const reference = parseImageReference(request.image, world.options.registry.defaultRegistry);
  if (typeof reference === 'string') throw registryMissing();
  const pull = startPull(world, reference, null, signal);
  await pull.ended;
  const image = imageOf(pull);
  const fault = await operationFault(world, 'create', name, signal);
  if (fault && fault.drop !== 'after') throw createFailed(fault);
  await copyOf(world, image, signal);
  checkHost(image.resources, world.options.host, 'CREATE_FAILED');
  const resources = { ...image.resources };
  const { digest } = image;
  const vm = registerVm(world, { name, state: 'stopped', resources, ephemeral, lifetimeSeconds, digest });
  if (fault) throw createFailed(fault);
  return vm;
}

export interface CloneRequest {
  name: string;
  resources: Partial<Resources>;
  ephemeral: boolean;
  lifetimeSeconds: number | null;
}

/**
 * Copies a stopped VM without its image or a registry, and grows the copy's disk where asked to. It holds the
 * source's gate: of two clones at once the second is refused. A copy that grows is listed as soon as it is
 * copied, with the source's disk, while its own gate is held; it is deleted when the growth fails. `force`
 * first powers off a live source. Throws 409 INVALID_STATE, and 400, 500 or 504 CLONE_FAILED.
 */
export function cloneVm(
  world: AgentWorld,
  id: string,
  request: CloneRequest,
  force: boolean,
  life: AbortSignal,
): Promise<Vm> {
  return world.gate.holding(id, 'clone', async () => {
    const source = vmById(world, id);
    if (force) await forceStop(world, source, life);
    if (source.state !== 'stopped') throw invalidState('Source VM must be stopped before cloning');
    const resources = { ...source.resources, ...request.resources };
    checkHost(resources, world.options.host, 'CLONE_FAILED');
    if (resources.diskSize < source.resources.diskSize) {
      throw new Refusal(400, 'CLONE_FAILED', 'Disk can only be enlarged, not shrunk');
    }
    const fault = await operationFault(world, 'clone', request.name, life);
    if (fault && fault.drop !== 'after') throw cloneFailed(fault);
    await spend(world, world.options.latencies.clone, life);
    const { name, ephemeral, lifetimeSeconds } = request;
    const copied = { ...resources, diskSize: source.resources.diskSize };
    const vm = registerVm(world, {
      ...{ name, ephemeral, lifetimeSeconds },
      state: 'stopped',
      resources: copied,
      digest: source.digest,
    });
    if (resources.diskSize > copied.diskSize) await growClone(world, vm, resources, life);
    if (fault) throw cloneFailed(fault);
    world.events.publish('VM_CLONED', vm.id, { sourceVmId: source.id, name });
    return vm;
  });
}

/** Grows the disk of a new clone as an update does, and deletes the clone when that fails. */
async function growClone(world: AgentWorld, vm: Vm, resources: Resources, life: AbortSignal): Promise<void> {
  try {
    await updateVm(world, vm.id, { name: null, resources }, life);
  } catch (error) {
    life.throwIfAborted();
    if (!(error instanceof Refusal)) throw error;
    await deleteVm(world, vm.id, true, life).catch((cleanup: unknown) => {
      const message = `Clone resize failed: ${error.message}. Cleanup of clone ${vm.id} also failed: ${String(cleanup)}`;
      throw new Refusal(500, 'CLONE_FAILED', message);
    });
    throw error.code === 'UPDATE_VM_FAILED'
      ? new Refusal(error.status, 'CLONE_FAILED', error.message)
      : error;
  }
}

/** Copying claims the image, so that it cannot be deleted during the copy. Throws 404 when it was deleted before. */
async function copyOf(world: AgentWorld, image: LocalImage, signal: AbortSignal): Promise<void> {
  if (world.images.local.get(image.reference) !== image) {
    throw new Refusal(404, 'IMAGE_NOT_FOUND', 'Image not found');
  }
  image.claims += 1;
  try {
    await spend(world, world.options.latencies.clone, signal);
  } finally {
    image.claims -= 1;
  }
}

function createFailed(fault: Fault): Refusal {
  return new Refusal(
    fault.status ?? 500,
    fault.code ?? 'CREATE_FAILED',
    fault.message ?? 'VM creation failed',
  );
}

function cloneFailed(fault: Fault): Refusal {
  return new Refusal(fault.status ?? 500, fault.code ?? 'CLONE_FAILED', fault.message ?? 'Clone failed');
}

function registryMissing(): Refusal {
  return new Refusal(400, 'INVALID_REFERENCE', 'Invalid image reference: registry is required');
}
