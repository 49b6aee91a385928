import { createHash } from 'node:crypto';
import type { Profile } from '../../config/profile.ts';

/**
 * What a base VM's name says of its content: the profile that it is for, the image by reference and digest, the size.
 * Whatever of these changes makes another key, so that a base is never brought up to date but replaced.
 */
export function baseKey(profile: string, { image, cpu, memory, disk }: Profile, digest: string): string {
  const content = JSON.stringify([profile, image, digest, cpu, memory, disk]);
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The digest that a reference names by itself; null for a tag, which may move. */
export function digestIn(reference: string): string | null {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? null;
}
