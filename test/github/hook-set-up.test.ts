import { expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createGitHub } from '../../src/github/github.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { servedGitHub, TOKEN } from '../simulator/github/github-fixture.ts';
import { codeOf, ORG, REPO } from './github-rig.ts';

const hook = { url: 'https://runner.example/webhook', secret: 'one' };

test('a webhook is made once for an address, and a second set-up changes its secret', async () => {
  const served = await servedGitHub({});
  ensureRepository(served.world, 'octo/app');
  const github = createGitHub({ apiUrl: served.url, auth: { token: TOKEN }, clock: systemClock });
  for (const scope of [REPO, ORG]) {
    expect(await github.setUpHook(scope, hook)).toBe('made');
    expect(await github.setUpHook(scope, { ...hook, secret: 'two' })).toBe('changed');
  }
  const made = [...served.world.hooks.values()];
  expect(made.map(({ target }) => target.kind)).toEqual(['repository', 'organization']);
  for (const one of made) {
    expect(one).toMatchObject({
      url: hook.url,
      secret: 'two',
      events: ['workflow_job'],
      contentType: 'json',
    });
  }
  await served.close();
});

test('a credential that may not make webhooks is a failure that names the missing right', async () => {
  const served = await servedGitHub({
    tokens: { poor: { permissions: { actions: 'read', administration: 'write' } } },
  });
  ensureRepository(served.world, 'octo/app');
  const github = createGitHub({ apiUrl: served.url, auth: { token: 'poor' }, clock: systemClock });
  expect(await codeOf(github.setUpHook(REPO, hook))).toBe('GITHUB_PERMISSION_MISSING');
  expect(served.world.hooks.size).toBe(0);
  await served.close();
});
