import { expect, test } from 'vitest';
import { keyFacts } from '../../src/config/key.ts';
import { secretValues } from '../../src/config/secret-values.ts';
import { keyPattern, SECTIONS } from '../../src/config/sections/sections.ts';
import { AGENT_TOKEN, configErrorOf, load, SMALLEST } from './config-fixture.ts';

test('the schema marks exactly these keys as secrets', () => {
  const marked = Object.entries(SECTIONS).flatMap(([section, { keys }]) =>
    Object.entries(keys)
      .filter(([, schema]) => keyFacts.get(schema)?.secret)
      .map(([key]) => keyPattern(section, key)),
  );
  expect(marked).toEqual([
    'github.token',
    'github.webhook_secret',
    'jeballto.token',
    'hosts.*.token',
    'runner.ssh_password',
    'store.url',
    'admin.token',
    'admin.read_token',
    'notify.*.url',
  ]);
});

test('every secret of a configuration is collected, wherever it came from', () => {
  const { config } = load(
    {
      github: { token: 'ghp_1', owner: 'acme', repository: 'app', webhook_secret: ['hook', 'former'] },
      hosts: [
        { name: 'mac-1', base_url: 'http://mac-1/v1', token: AGENT_TOKEN },
        { name: 'mac-2', base_url: 'http://mac-2/v1' },
      ],
      labels: SMALLEST.labels,
      admin: { token: 'admin-token', read_token: 'read-token' },
    },
    { JEBALLTO_TOKEN_MAC_2: `${AGENT_TOKEN}-2`, JEBALLTO_RUNNER_RUNNER_SSH_PASSWORD: 'guest' },
  );
  expect(secretValues(config).sort()).toEqual(
    ['ghp_1', 'hook', 'former', AGENT_TOKEN, `${AGENT_TOKEN}-2`, 'guest', 'admin-token', 'read-token'].sort(),
  );
});

test('no problem repeats a secret, whatever is wrong with it', () => {
  const hidden = 'hidden value\n';
  const error = configErrorOf(() =>
    load({
      github: { token: hidden, owner: 'acme', repository: 'app', webhook_secret: [hidden] },
      jeballto: { token: hidden, token_command: hidden },
      runner: { ssh_password: { of: hidden } },
      admin: { token: hidden },
      labels: SMALLEST.labels,
    }),
  );
  expect(error.problems.length).toBeGreaterThanOrEqual(6);
  expect(error.message).not.toContain('hidden');
});
