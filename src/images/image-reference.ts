/** The digest that is part of a reference; null for a tag, which may move. */
export function digestIn(reference: string): string | null {
  return /@(sha256:[0-9a-f]{64})$/.exec(reference)?.[1] ?? null;
}

/** The reference of a digest in the repository of another reference: `ghcr.io/acme/ci@sha256:…`. */
export function withDigest(reference: string, digest: string): string {
  const [named = ''] = reference.split('@');
  return `${named.replace(/:[^:/]*$/, '')}@${digest}`;
}
