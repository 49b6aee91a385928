import { sleepFor } from '../../../clock.ts';
import type { Fault } from '../../faults.ts';
import { draw } from '../../latency.ts';
import { type AgentWorld, operationFault, spend } from '../agent-world.ts';
import { newUuid } from '../identifiers.ts';
import { Refusal } from '../refusal.ts';
import type { ImageReference } from './image-reference.ts';
import { remoteImage } from './image-store.ts';
import { CHUNKS, isActive, type PullFailure, type PullOperation } from './pull-operation.ts';

const MAX_ACTIVE_PULLS = 8;
/** Finished operations that the agent remembers. */
const MAX_FINISHED_PULLS = 100;

const cancelled: PullFailure = {
  refusal: new Refusal(499, 'IMAGE_PULL_CANCELLED', 'Image pull cancelled'),
  operationCode: 'IMAGE_PULL_CANCELLED',
};
const timedOut: PullFailure = {
  refusal: new Refusal(504, 'IMAGE_PULL_FAILED', 'Image pull timed out'),
  operationCode: 'IMAGE_PULL_TIMEOUT',
};
const registryUnavailable = (registry: string): PullFailure => ({
  refusal: new Refusal(503, 'IMAGE_PULL_FAILED', `Registry ${registry} is unavailable`),
  operationCode: 'IMAGE_PULL_REGISTRY_UNAVAILABLE',
});
const pullFailed = (message: string): PullFailure => ({
  refusal: new Refusal(500, 'IMAGE_PULL_FAILED', message),
  operationCode: 'IMAGE_PULL_FAILED',
});

/** The text that the agent passes on when a registry refuses a token for one image. */
const DENIED = 'received unexpected HTTP status code 403 while retrieving an authentication token (DENIED)';

/**
 * Starts a pull, as the pull routes and a create with an image do. `signal` cancels it (the agent's end, or a
 * client that is gone); `timeoutMs` is in milliseconds, and null means no deadline. Throws 429 at eight
 * active operations.
 */
export function startPull(
  world: AgentWorld,
  reference: ImageReference,
  timeoutMs: number | null,
  signal: AbortSignal,
): PullOperation {
  const { pulls, pullQueues } = world;
  if (listPulls(world, true).length >= MAX_ACTIVE_PULLS) {
    throw new Refusal(429, 'TOO_MANY_IMAGE_OPERATIONS', 'Maximum active image operation count reached');
  }
  const now = world.clock.now();
  const operation: PullOperation = {
    id: newUuid(world.random),
    reference: reference.normalised,
    status: 'started',
    chunksCompleted: 0,
    bytesCompleted: 0,
    bytesTotal: null,
    startedAt: now,
    updatedAt: now,
    completedAt: null,
    image: null,
    failure: null,
    stop: new AbortController(),
    ended: Promise.resolve(),
  };
  pulls.set(operation.id, operation);
  forgetOldest(pulls);
  const previous = pullQueues.get(reference.normalised) ?? Promise.resolve();
  operation.ended = previous.then(() => perform(world, operation, reference, timeoutMs, signal));
  pullQueues.set(reference.normalised, operation.ended);
  return operation;
}

/** Cancels and waits for the end; a commit that came first wins. Throws 404, or 409 for one that has ended. */
export async function cancelPull(world: AgentWorld, id: string): Promise<PullOperation> {
  const operation = pullById(world, id);
  if (!isActive(operation)) {
    throw new Refusal(409, 'IMAGE_OPERATION_NOT_RUNNING', 'Image pull operation is not running');
  }
  operation.status = 'cancelling';
  operation.stop.abort(cancelled);
  await operation.ended;
  return operation;
}

/** Returns the pulls that the agent remembers, the newest first. */
export function listPulls(world: AgentWorld, activeOnly: boolean): PullOperation[] {
  return [...world.pulls.values()].filter((pull) => !activeOnly || isActive(pull)).reverse();
}

/** Throws 404 IMAGE_OPERATION_NOT_FOUND, also for every id from before a restart. */
export function pullById(world: AgentWorld, id: string): PullOperation {
  const operation = world.pulls.get(id);
  if (!operation) throw new Refusal(404, 'IMAGE_OPERATION_NOT_FOUND', 'Image operation not found');
  return operation;
}

async function perform(
  world: AgentWorld,
  operation: PullOperation,
  reference: ImageReference,
  timeoutMs: number | null,
  outer: AbortSignal,
): Promise<void> {
  const finished = new AbortController();
  const signal = AbortSignal.any([operation.stop.signal, outer]);
  if (timeoutMs !== null) {
    const deadline = operation.startedAt + timeoutMs;
    world.clock.sleepUntil(deadline, finished.signal).then(
      () => operation.stop.abort(timedOut),
      () => undefined,
    );
  }
  try {
    signal.throwIfAborted();
    operation.failure = await download(world, operation, reference, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    // Every end of a pull from outside is reported as a cancellation, except its own deadline.
    operation.failure = operation.stop.signal.reason === timedOut ? timedOut : cancelled;
  } finally {
    finished.abort();
  }
  operation.status = statusAfter(operation.failure);
  operation.completedAt = world.clock.now();
  operation.updatedAt = operation.completedAt;
}

function statusAfter(failure: PullFailure | null) {
  if (failure === null) return 'completed';
  return failure.operationCode === 'IMAGE_PULL_CANCELLED' ? 'cancelled' : 'failed';
}

/**
 * Returns null when the image is there at the end. The operation stays `started` until there is progress to
 * report.
 */
async function download(
  world: AgentWorld,
  operation: PullOperation,
  reference: ImageReference,
  signal: AbortSignal,
): Promise<PullFailure | null> {
  const { options, images } = world;
  const local = images.local.get(reference.normalised);
  if (local && reference.digest !== null) {
    operation.image = local;
    return null;
  }
  const fault = await operationFault(world, 'pull', reference.normalised, signal);
  if (fault) return failureFrom(fault, reference);
  await spend(world, options.latencies.resolve, signal);
  if (options.registry.unreachable.includes(reference.registry))
    return registryUnavailable(reference.registry);
  if (options.registry.denied.includes(reference.normalised)) return pullFailed(DENIED);
  const remote = remoteImage(options.registry, reference);
  if (!remote) return pullFailed(`Image pull failed: ${reference.normalised} was not found in its registry`);
  if (local?.digest === remote.digest) {
    operation.image = local;
    return null;
  }
  operation.status = 'running';
  operation.bytesTotal = remote.bytes;
  const duration = draw(world.random, options.latencies.pull);
  for (let chunk = 1; chunk <= CHUNKS; chunk += 1) {
    await sleepFor(world.clock, duration / CHUNKS, signal);
    operation.chunksCompleted = chunk;
    operation.bytesCompleted = Math.floor((remote.bytes * chunk) / CHUNKS);
    operation.updatedAt = world.clock.now();
  }
  operation.image = images.add(reference.normalised, remote);
  return null;
}

function failureFrom(fault: Fault, reference: ImageReference): PullFailure {
  if (fault.status === 503) return registryUnavailable(reference.registry);
  if (fault.status === 504) return timedOut;
  if (fault.status === 499) return cancelled;
  const failure = pullFailed(fault.message ?? 'Image pull failed');
  if (fault.code === undefined) return failure;
  return {
    refusal: new Refusal(fault.status ?? 500, fault.code, failure.refusal.message),
    operationCode: fault.code,
  };
}

function forgetOldest(pulls: Map<string, PullOperation>): void {
  const finished = [...pulls.values()].filter((operation) => !isActive(operation));
  for (const operation of finished.slice(0, Math.max(0, finished.length - MAX_FINISHED_PULLS))) {
    pulls.delete(operation.id);
  }
}
