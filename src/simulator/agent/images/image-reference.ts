export interface ImageReference {
  /** The form used as a key in the local store: with the registry written out. */
  normalised: string;
  /** Host of the registry, with its port. */
  registry: string;
  /** Null for a tag, which every pull asks the registry about. */
  digest: string | null;
}

export type ReferenceProblem = 'syntax' | 'registry missing';

const REGISTRY = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-9][0-9]{0,4})?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const DIGEST = /^sha256:[a-f0-9]{64}$/;

/**
 * Reads an OCI reference by the agent's grammar: at most 1,024 bytes; the first part is a registry only when it holds
 * a dot or a colon or is `localhost`, otherwise the default registry is put before it. A missing tag stays missing.
 */
export function parseImageReference(
  text: string,
  defaultRegistry: string | null,
): ImageReference | ReferenceProblem {
  if (text === '' || Buffer.byteLength(text) > 1024) return 'syntax';
  const [named, digest = null, ...more] = text.split('@');
  if (more.length > 0 || !named || (digest !== null && !DIGEST.test(digest))) return 'syntax';
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const hasRegistry = first.includes('.') || first.includes(':') || first === 'localhost';
  const rest = hasRegistry ? named.slice(slash + 1) : named;
  const colon = rest.lastIndexOf(':');
  const repository = colon < 0 ? rest : rest.slice(0, colon);
  if (colon >= 0 && !TAG.test(rest.slice(colon + 1))) return 'syntax';
  if (!REPOSITORY.test(repository) || Buffer.byteLength(repository) > 255) return 'syntax';
  if (hasRegistry && !REGISTRY.test(first)) return 'syntax';
  if (!hasRegistry && defaultRegistry === null) return 'registry missing';
  const registry = hasRegistry ? first : (defaultRegistry ?? '');
  return { normalised: `${registry}/${rest}${digest === null ? '' : `@${digest}`}`, registry, digest };
}
