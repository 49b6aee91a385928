import type { ConfigChange } from '../../config/changes/config-changes.ts';
import { pathText } from '../../config/sections/sections.ts';
import type { BreakerRef } from '../../placement/breakers/breakers.ts';

/**
 * Returns whether what a breaker holds back is the same after a reload with these changes. A person may have changed
 * the config to end the failures, so whatever was changed is tried again at once. What fails with an image or a profile
 * may be cured by any host or label.
 */
export function isSameBreaker({ about, name }: BreakerRef, changes: readonly ConfigChange[]): boolean {
  const touches = (...roots: string[]) =>
    changes.some(({ key }) => roots.some((root) => key === root || key.startsWith(`${root}.`)));
  if (about === 'github' || about === 'registration') return !touches('github', 'runner');
  if (about === 'host') return !touches(pathText(['hosts', name]));
  return !changes.some(({ key }) => /^(hosts|labels)\b/.test(key));
}
