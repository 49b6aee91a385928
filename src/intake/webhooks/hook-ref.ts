import type { HookRef } from '../../../machines/webhooks.ts';

/** The webhook that a genuine delivery came from, by its headers; null for one that cannot be asked (an enterprise's). */
export function hookRefOf(
  header: (name: string) => string | undefined,
  { owner, repository }: { owner: string; repository: string },
): HookRef | null {
  const id = Number(header('x-github-hook-id') ?? Number.NaN);
  if (!Number.isSafeInteger(id) || id <= 0) return null;
  switch (header('x-github-hook-installation-target-type')) {
    case 'repository':
      return { kind: 'repository', owner, repository, id };
    case 'organization':
      return { kind: 'organization', owner, id };
    case 'integration':
      return { kind: 'app' };
    default:
      return null;
  }
}
