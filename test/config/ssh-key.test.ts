import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sshKeyProblem } from '../../src/config/sources/references.ts';

const folder = mkdtempSync(join(tmpdir(), 'jeballto-ssh-key-'));
const key = (name: string) => join(folder, name);
beforeAll(() => {
  const make = (name: string, ...more: string[]) =>
    execFileSync('ssh-keygen', ['-q', '-f', key(name), ...more]);
  make('ed25519', '-t', 'ed25519', '-N', '');
  make('rsa', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '');
  make('locked', '-t', 'ed25519', '-N', 'a passphrase');
  make('locked-pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', 'a passphrase');
  writeFileSync(key('text'), 'no key\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ['ed25519', null],
  ['rsa', null],
  ['ed25519.pub', /public key: give the private one/],
  ['locked', /passphrase/],
  ['locked-pem', /passphrase/],
  ['text', /holds no private key/],
])('of the SSH key file %s the problem is %s', (name, said) => {
  const problem = sshKeyProblem(key(name));
  if (said === null) expect(problem).toBeNull();
  else expect(problem).toMatch(said);
});
