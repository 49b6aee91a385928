import { createHash } from 'node:crypto';
import type { AgentWorld } from '../agent-world.ts';
import { newUuid, timestamp } from '../identifiers.ts';
import { GIB, type Resources } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { ImageReference } from './image-reference.ts';
import type { PullOperation } from './pull-operation.ts';

/** What a registry holds under a reference. */
export interface RemoteImage {
  digest: string;
  bytes: number;
  resources: Resources;
}

export interface LocalImage extends RemoteImage {
  id: string;
  reference: string;
  pulledAt: number;
  /** Copies being made of it right now: while there are any it cannot be deleted. */
  claims: number;
}

export interface ImageStore {
  /** By normalised reference: a tag and the digest behind it are two images. */
  local: Map<string, LocalImage>;
  pulls: Map<string, PullOperation>;
  /** The last pull of each reference: pulls of one reference go one after another. */
  queues: Map<string, Promise<void>>;
}

export function newImageStore(): ImageStore {
  return { local: new Map(), pulls: new Map(), queues: new Map() };
}

const USUAL_RESOURCES: Resources = { cpuCount: 4, memorySize: 8 * GIB, diskSize: 64 * GIB };
const USUAL_BYTES = 24 * GIB;

/** What the registry says about a reference, or null when it holds no such image. */
export function remoteImage(world: AgentWorld, reference: ImageReference): RemoteImage | null {
  const { images, onlyListed } = world.options.registry;
  const listed = images[reference.normalised];
  if (!listed && onlyListed) return null;
  const hash = createHash('sha256').update(reference.normalised).digest('hex');
  return {
    digest: reference.digest ?? listed?.digest ?? `sha256:${hash}`,
    bytes: listed?.bytes ?? USUAL_BYTES,
    resources: listed?.resources ?? USUAL_RESOURCES,
  };
}

/** Commits a finished download; a changed tag replaces its older copy. */
export function storeImage(world: AgentWorld, reference: string, remote: RemoteImage): LocalImage {
  const image: LocalImage = {
    ...remote,
    id: newUuid(world.random),
    reference,
    pulledAt: world.clock.now(),
    claims: 0,
  };
  world.images.local.set(reference, image);
  return image;
}

/** The stored images, the latest activity first. */
export function listImages(world: AgentWorld): LocalImage[] {
  return [...world.images.local.values()].sort((a, b) => b.pulledAt - a.pulledAt || (a.id < b.id ? -1 : 1));
}

/** Throws 404 IMAGE_NOT_FOUND. */
export function imageById(world: AgentWorld, id: string): LocalImage {
  const image = listImages(world).find((stored) => stored.id === id);
  if (!image) throw new Refusal(404, 'IMAGE_NOT_FOUND', 'Image not found');
  return image;
}

/** Throws 409 IMAGE_IN_USE while a VM is being copied from it. VMs made from it earlier are not affected. */
export function deleteImage(world: AgentWorld, id: string): void {
  const image = imageById(world, id);
  if (image.claims > 0) throw new Refusal(409, 'IMAGE_IN_USE', 'Image is in use');
  world.images.local.delete(image.reference);
}

export function imageResponse(image: LocalImage) {
  return {
    id: image.id,
    reference: image.reference,
    digest: image.digest,
    localPath: `Images/${image.id}`,
    size: image.bytes,
    resources: { ...image.resources },
    formatVersion: 1,
    pulledAt: timestamp(image.pulledAt),
  };
}
