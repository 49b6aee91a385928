import { expect, test } from 'vitest';
import { redact, redactForeign } from '../src/redact.ts';

test.each([
  ['a secret of the config', 'login admin:hunter22 ok', 'login admin:*** ok'],
  ['a token of GitHub', 'using ghs_16C7e42F292c6912E7710c838347Ae178B4a now', 'using *** now'],
  [
    'an installation’s token with a JWT in it',
    `x ghs_7_eyJhbGciOiJSUzI1NiJ9.${'eyJpc3Mi'.repeat(9)}.c2ln-bmF_0dXJl, y.`,
    'x ***, y.',
  ],
  ['a JWT', 'x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxMjM0NSJ9.c2lnbmF0dXJl y', 'x *** y'],
  ['what follows the word', 'Authorization: Bearer abcdef123456', 'Authorization: Bearer ***'],
  ['a JIT config', `config ${'QUJDREVG'.repeat(40)}= end`, 'config *** end'],
])('%s is redacted in text from outside', (_, text, clean) => {
  expect(redactForeign(text, ['hunter22'])).toBe(clean);
});

test('ordinary lines are not changed', () => {
  const line =
    '2026-01-05 09:00:00Z: Running job: build (iPhone 16), commit 4f2a9c1d3b5e6f7a8b9c0d1e2f3a4b5c6d7e8f90';
  expect(redactForeign(line, ['', 'abc'])).toBe(line);
});

test('every secret is redacted everywhere, and an empty one redacts nothing', () => {
  expect(redact('hunter22 and hunter22, then s3cret', ['hunter22', '', 's3cret'])).toBe(
    '*** and ***, then ***',
  );
  expect(redact('login admin:hunter22', ['hunter22'], '[secret]')).toBe('login admin:[secret]');
});
