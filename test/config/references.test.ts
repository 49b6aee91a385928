import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  AGENT_TOKEN,
  load,
  problemLines,
  SMALLEST,
  temporaryFolder,
  variable,
  writeIn,
} from './config-fixture.ts';

describe('references', () => {
  test('a secret may come from a variable', () => {
    const { config } = load(
      `
github: {token: "${variable('GH')}", owner: acme, repository: app, webhook_secret: "${variable('HOOK')}"}
jeballto:
  token: ${variable('AGENT')}
runner: {ssh_password: "${variable('GUEST')}"}
admin: {token: "${variable('ADMIN')}"}
labels: {mac: {image: ghcr.io/acme/mac}}
`,
      { GH: 'ghp_1', HOOK: 'hook', AGENT: AGENT_TOKEN, GUEST: 'guest', ADMIN: 'adm' },
    );
    expect(config).toMatchObject({
      github: { token: 'ghp_1', webhook_secret: 'hook' },
      hosts: [{ token: AGENT_TOKEN }],
      runner: { ssh_password: 'guest' },
      admin: { token: 'adm' },
    });
  });

  test('an empty variable counts as not set', () => {
    expect(
      problemLines({ ...SMALLEST, github: { ...SMALLEST.github, token: variable('GH') } }, { GH: '' }),
    ).toEqual([
      'github.token: takes its value from the environment variable GH, which is not set: set it, or write the value here.',
    ]);
  });

  test('a reference among other characters, or without its end, is refused, but the value of a variable may look like one', () => {
    const password = `a${variable('HOME')}`;
    const refused = problemLines({
      ...SMALLEST,
      github: { ...SMALLEST.github, token: variable('GITHUB_TOKEN').slice(0, -1) },
      runner: { ssh_password: password },
    });
    expect(refused).toEqual([
      expect.stringContaining('github.token: begins a variable with $' + '{GITHUB_TOKEN but does not end it'),
      expect.stringContaining(
        `runner.ssh_password: contains ${variable('HOME')} together with other characters`,
      ),
    ]);
    const runner = { ssh_password: variable('PASSWORD') };
    expect(load({ ...SMALLEST, runner }, { PASSWORD: password }).config.runner.ssh_password).toBe(password);
  });

  test('a reference in a key that is not a secret is refused', () => {
    expect(
      problemLines({
        ...SMALLEST,
        github: { ...SMALLEST.github, owner: variable('OWNER') },
        labels: { mac: { image: `ghcr.io/${variable('IMAGE')}` } },
      }),
    ).toEqual([
      `github.owner: contains ${variable('OWNER')}, but variables are replaced in secrets only: write the value itself, or leave the key out and set JEBALLTO_RUNNER_GITHUB_OWNER.`,
      `labels.mac.image: contains ${variable('IMAGE')}, but variables are replaced in secrets only: write the value itself.`,
    ]);
  });

  test('paths are relative to the folder of the file or to the home, and become absolute', () => {
    const folder = temporaryFolder();
    writeIn(folder, 'keys/id', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n');
    writeIn(folder, 'token', AGENT_TOKEN);
    const { config } = load(
      {
        ...SMALLEST,
        jeballto: { token_file: '~/token' },
        runner: { ssh_private_key_path: './keys/id' },
        store: { path: '~/state' },
      },
      {},
      folder,
    );
    expect(config.hosts[0]?.token_file).toBe(join(folder, 'token'));
    expect(config.runner.ssh_private_key_path).toBe(join(folder, 'keys/id'));
    expect(config.store.path).toBe(join(folder, 'state'));
  });

  test('each missing file is a problem', () => {
    const folder = temporaryFolder();
    const where =
      'which does not exist: correct the path. A relative path begins at the folder of the configuration file.';
    expect(
      problemLines(
        {
          ...SMALLEST,
          github: {
            owner: 'acme',
            repository: 'app',
            app_id: 1,
            installation_id: 2,
            app_private_key_path: 'a.pem',
          },
          jeballto: { token_file: '/no/such/token' },
          runner: { ssh_private_key_path: '~' },
        },
        {},
        folder,
      ),
    ).toEqual([
      `github.app_private_key_path: names ${folder}/a.pem, ${where}`,
      `jeballto.token_file: names /no/such/token, ${where}`,
      `runner.ssh_private_key_path: names ${folder}, which is a folder: name the file in it.`,
    ]);
  });
});
