import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { APP_KEY, load, problemLines, SMALLEST, temporaryFolder, writeIn } from './config-fixture.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const secret = { cipher: 'aes-256-cbc', passphrase: 'secret' };

const withKey = (pem: string) => {
  const folder = temporaryFolder();
  writeIn(folder, 'app.pem', pem);
  const { owner, repository } = SMALLEST.github;
  const app = { app_id: 1, installation_id: 2, app_private_key_path: 'app.pem' };
  return [{ ...SMALLEST, github: { owner, repository, ...app } }, {}, folder] as const;
};

test('a key as GitHub makes it is accepted, in its newer form too', () => {
  expect(() => load(...withKey(APP_KEY))).not.toThrow();
  expect(() =>
    load(...withKey(String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })))),
  ).not.toThrow();
});

test.each([
  ['a file without a key', 'hunter2', 'does not hold a PEM key'],
  ['a damaged key', APP_KEY.replace(/^M.{30}/m, 'AAAA'), 'it is damaged'],
  [
    'a public key',
    String(rsa.publicKey.export({ type: 'spki', format: 'pem' })),
    'a public key, which cannot sign',
  ],
  [
    'a key of an elliptic curve',
    String(ec.privateKey.export({ type: 'sec1', format: 'pem' })),
    'of the kind EC',
  ],
  [
    'a key with a passphrase',
    String(rsa.privateKey.export({ type: 'pkcs8', format: 'pem', ...secret })),
    'a key with a passphrase',
  ],
  [
    'an old key with a passphrase',
    String(rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...secret })),
    'a key with a passphrase',
  ],
])('%s is one problem of the config, with a sentence that says what is wrong', (_, pem, said) => {
  const [problem, ...others] = problemLines(...withKey(pem));
  expect(problem).toMatch(/^github\.app_private_key_path: names /);
  expect(problem).toContain(said);
  expect(others).toEqual([]);
  expect(problem).not.toContain('hunter2');
});
