/** Shapes of credentials that a log in a guest may hold: GitHub's tokens, JWTs, and long runs such as a JIT config. */
const CREDENTIALS = [
  /\b(?:gh[opsur]|github_pat)_[A-Za-z0-9_]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /\b[A-Za-z0-9+/]{120,}={0,2}/g,
];
const NAMED =
  /((?:bearer|token|password|secret|authorization)["']?\s*[:=]\s*["']?(?:bearer\s+)?)[^\s"',;]{6,}/gi;

/** Text from a guest or an agent without the secrets that we know and without what looks like one (law 7). */
export function scrubbed(text: string, secrets: readonly string[]): string {
  const known = secrets.filter(({ length }) => length >= 4);
  const cleaned = known.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return CREDENTIALS.reduce((rest, shape) => rest.replace(shape, '***'), cleaned).replace(NAMED, '$1***');
}
