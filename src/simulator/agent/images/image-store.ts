import { createHash } from 'node:crypto';
import type { Clock } from '../../../clock.ts';
import { newUuid, timestamp } from '../identifiers.ts';
import { GIB, type RegistryOptions, type Resources } from '../options.ts';
import { Refusal } from '../refusal.ts';
import type { ImageReference } from './image-reference.ts';

/** What a registry holds under a reference. */
export interface RemoteImage {
  digest: string;
  /** Bytes that a pull transfers: the image is compressed. */
  bytes: number;
  resources: Resources;
}

export interface LocalImage extends RemoteImage {
  id: string;
  reference: string;
  pulledAt: number;
  /** Copies under way: while there are any, the image cannot be deleted. */
  claims: number;
}

/** The images on the Mac's disk. */
export class ImageStore {
  /** By normalised reference: a tag and the digest behind it are two images. */
  readonly local = new Map<string, LocalImage>();
  private readonly clock: Clock;
  private readonly random: () => number;

  constructor(clock: Clock, random: () => number) {
    this.clock = clock;
    this.random = random;
  }

  /** Adds a finished download; a changed tag replaces its older copy. */
  add(reference: string, remote: RemoteImage): LocalImage {
    const image: LocalImage = {
      ...remote,
      id: newUuid(this.random),
      reference,
      pulledAt: this.clock.now(),
      claims: 0,
    };
    this.local.set(reference, image);
    return image;
  }

  /** The latest pull first. */
  list(): LocalImage[] {
    return [...this.local.values()].sort((a, b) => b.pulledAt - a.pulledAt || (a.id < b.id ? -1 : 1));
  }

  /** Throws 404 IMAGE_NOT_FOUND. */
  byId(id: string): LocalImage {
    const image = this.list().find((stored) => stored.id === id);
    if (!image) throw new Refusal(404, 'IMAGE_NOT_FOUND', 'Image not found');
    return image;
  }

  /** Throws 409 IMAGE_IN_USE while a VM is being copied from it. VMs made from it earlier are not affected. */
  delete(id: string): void {
    const image = this.byId(id);
    if (image.claims > 0) throw new Refusal(409, 'IMAGE_IN_USE', 'Image is in use');
    this.local.delete(image.reference);
  }
}

const DEFAULT_RESOURCES: Resources = { cpuCount: 4, memorySize: 8 * GIB, diskSize: 64 * GIB };
const DEFAULT_BYTES = 24 * GIB;

/** Returns what the registry says about a reference, or null when it holds no such image. */
export function remoteImage(registry: RegistryOptions, reference: ImageReference): RemoteImage | null {
  const listed = registry.images[reference.normalised];
  if (!listed && registry.onlyListed) return null;
  const hash = createHash('sha256').update(reference.normalised).digest('hex');
  return {
    digest: reference.digest ?? listed?.digest ?? `sha256:${hash}`,
    bytes: listed?.bytes ?? DEFAULT_BYTES,
    resources: listed?.resources ?? DEFAULT_RESOURCES,
  };
}

/** The agent's default, in the home of the user that it runs as. */
const IMAGE_DIRECTORY = '/Users/admin/Library/Application Support/Jeballto/Images';

export function imageResponse(image: LocalImage) {
  return {
    id: image.id,
    reference: image.reference,
    digest: image.digest,
    localPath: `${IMAGE_DIRECTORY}/${image.id}.bundle`,
    // On disk: the length of the disk image, which is unpacked.
    size: image.resources.diskSize,
    resources: { ...image.resources },
    formatVersion: 1,
    pulledAt: timestamp(image.pulledAt),
    metadata: { ownsLocalPath: 'true', imageFormat: 'chunked-zstd', architecture: 'arm64' },
  };
}
