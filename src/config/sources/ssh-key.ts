import { readFileSync } from 'node:fs';

/**
 * Says why a file cannot be the private key of a login in the guests, and what to do; null when it can be one. Nothing of
 * the file is in the sentence. Throws when it cannot be read.
 */
export function sshKeyProblem(path: string): string | null {
  const text = readFileSync(path, 'utf8');
  if (/^(?:ssh-|ecdsa-|sk-)\S+ AAAA/m.test(text) || /-----BEGIN (?:\w+ )*PUBLIC KEY-----/.test(text)) {
    return 'names a public key: give the private one, the file of the same name without .pub.';
  }
  const [, kind, body = ''] = /-----BEGIN ((?:\w+ )*PRIVATE KEY)-----([\s\S]*?)-----END/.exec(text) ?? [];
  if (kind === undefined) return 'names a file that holds no private key: give one that ssh-keygen made.';
  if (kind === 'ENCRYPTED PRIVATE KEY' || /Proc-Type: 4,ENCRYPTED/.test(body) || isEncrypted(kind, body)) {
    return 'names a key with a passphrase, which the daemon cannot ask for: remove it with "ssh-keygen -p -f KEY".';
  }
  return null;
}

/** OpenSSH's own form begins with a mark of 15 bytes and the name of its cipher, with its length before it. */
function isEncrypted(kind: string, body: string): boolean {
  if (kind !== 'OPENSSH PRIVATE KEY') return false;
  const bytes = Buffer.from(body, 'base64');
  if (bytes.length < 20) return false;
  return bytes.toString('latin1', 19, 19 + bytes.readUInt32BE(15)) !== 'none';
}
