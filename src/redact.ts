/** Shapes of credentials that a log in a guest may hold: GitHub's tokens, JWTs, and long runs such as a JIT config. */
const CREDENTIALS = [
  // Newer `ghs_` tokens are followed by a JWT, whose parts are joined by dots.
  /\b(?:gh[opsur]|github_pat)_[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)*/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /\b[A-Za-z0-9+/]{120,}={0,2}/g,
];
const NAMED =
  /((?:bearer|token|password|secret|authorization)["']?\s*[:=]\s*["']?(?:bearer\s+)?)[^\s"',;]{6,}/gi;

/** Characters; redacting a shorter secret would also remove ordinary words from a text. */
const SHORTEST_KNOWN = 4;

/** Returns the text with a mask in place of each secret (law 7). An empty secret is ignored. */
export function redact(text: string, secrets: readonly string[], mask = '***'): string {
  return secrets.reduce((rest, secret) => (secret === '' ? rest : rest.replaceAll(secret, mask)), text);
}

/** Returns the same for text that a guest or an agent wrote: also masks what only looks like a credential. */
export function redactForeign(text: string, secrets: readonly string[]): string {
  const known = secrets.filter(({ length }) => length >= SHORTEST_KNOWN);
  const shapes = CREDENTIALS.reduce((rest, shape) => rest.replace(shape, '***'), redact(text, known));
  return shapes.replace(NAMED, '$1***');
}
