import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

const WHERE =
  'Give the PEM file that GitHub made for the App ("Generate a private key" on its settings page)';

/**
 * Says why a file cannot be the private key of a GitHub App, which signs with RSA, and what to do; null when
 * it can be one. The sentence contains no part of the file. Throws when the file cannot be read.
 */
export function appKeyProblem(path: string): string | null {
  const pem = readFileSync(path, 'utf8');
  const kind = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (kind === undefined) return `names a file that does not hold a PEM key. ${WHERE}.`;
  if (/PUBLIC KEY|CERTIFICATE/.test(kind)) {
    return `names a file with a ${kind.toLowerCase()}, which cannot sign. ${WHERE}.`;
  }
  if (kind === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    return 'names a key with a passphrase, which the daemon cannot ask for: remove it with "openssl rsa -in KEY -out NEW".';
  }
  try {
    const { asymmetricKeyType: type } = createPrivateKey(pem);
    if (type === 'rsa') return null;
    return `names a key of the kind ${type?.toUpperCase()}, but GitHub Apps sign with RSA. ${WHERE}.`;
  } catch {
    return `names a key (${kind}) that cannot be read: it is damaged, or it is not the key of an App. ${WHERE}.`;
  }
}
