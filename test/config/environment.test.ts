import { describe, expect, test } from 'vitest';
import { VARIABLES } from '../../src/config/sources/environment.ts';
import {
  AGENT_TOKEN,
  APP_KEY,
  load,
  problemLines,
  SMALLEST,
  temporaryFolder,
  variable,
  writeIn,
} from './config-fixture.ts';

const OTHER_TOKEN = `${AGENT_TOKEN}-other`;

describe('variables of single keys', () => {
  test('exist for single keys, but not for hosts and the token command, and none exists twice', () => {
    const names = VARIABLES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('JEBALLTO_RUNNER_GITHUB_APP_ID');
    expect(names).toContain('JEBALLTO_RUNNER_RUNNER_SSH_USER');
    expect(names.filter((name) => /HOSTS|COMMAND/.test(name))).toEqual([]);
  });

  test('replace the value in the file, whatever its type', () => {
    const { config } = load(SMALLEST, {
      JEBALLTO_RUNNER_GITHUB_TOKEN: 'ghp_from_environment',
      JEBALLTO_RUNNER_GITHUB_REPOSITORIES: 'site, docs ,',
      JEBALLTO_RUNNER_CONTROLLER_MODE: 'both',
      JEBALLTO_RUNNER_CONTROLLER_POLL_INTERVAL: '3s',
      JEBALLTO_RUNNER_CONTROLLER_MAX_CONCURRENT_VMS: '1',
      JEBALLTO_RUNNER_ADMIN_LISTEN: '127.0.0.1:0',
      JEBALLTO_RUNNER_JEBALLTO_TOKEN: AGENT_TOKEN,
    });
    expect(config.github.token).toBe('ghp_from_environment');
    expect(config.github.repositories).toEqual(['acme/app', 'acme/site', 'acme/docs']);
    expect(config.controller).toMatchObject({ mode: 'both', poll_interval: 3_000, max_concurrent_vms: 1 });
    expect(config.admin.listen).toEqual({ host: '127.0.0.1', port: 0 });
    expect(config.hosts[0]?.token).toBe(AGENT_TOKEN);
  });

  test('that are empty count as not set', () => {
    expect(load(SMALLEST, { JEBALLTO_RUNNER_CONTROLLER_MODE: '' }).config.controller.mode).toBe('poll');
  });

  test('can give a secret whose reference in the file is not set', () => {
    const content = { ...SMALLEST, github: { ...SMALLEST.github, token: variable('NOT_SET') } };
    const { config } = load(content, { JEBALLTO_RUNNER_GITHUB_TOKEN: 'ghp_1' });
    expect(config.github.token).toBe('ghp_1');
  });

  test('with a wrong value are refused, with the name of the variable', () => {
    const env = { JEBALLTO_RUNNER_CONTROLLER_MAX_ATTEMPTS: 'three' };
    expect(() => load(SMALLEST, env)).toThrow(
      'JEBALLTO_RUNNER_CONTROLLER_MAX_ATTEMPTS: controller.max_attempts: "three" does not fit here: write a whole number from 1 to 100.',
    );
  });

  test('that do not exist are refused, with the nearest name that does', () => {
    expect(problemLines(SMALLEST, { JEBALLTO_RUNNER_CONTROLER_MODE: 'poll' })).toEqual([
      'is not a variable of this program. Did you mean JEBALLTO_RUNNER_CONTROLLER_MODE? Otherwise unset it.',
    ]);
  });

  test('do not hide a section of the wrong type', () => {
    expect(problemLines({ ...SMALLEST, log: 'json' }, { JEBALLTO_RUNNER_LOG_FORMAT: 'pretty' })).toEqual([
      'log: must hold some of these keys: level, format.',
    ]);
  });
});

describe('variables that the Jeballto tools share', () => {
  test('JEBALLTO_BASE_URL replaces the address of the one host, and JEBALLTO_RUNNER_JEBALLTO_BASE_URL replaces both', () => {
    const content = { ...SMALLEST, jeballto: { base_url: 'http://192.0.2.1:8011/v1' } };
    const baseUrl = (env: Record<string, string>) => load(content, env).config.hosts[0]?.base_url;
    const shared = { JEBALLTO_BASE_URL: 'http://192.0.2.2:8011/v1' };
    expect(baseUrl(shared)).toBe('http://192.0.2.2:8011/v1');
    expect(baseUrl({ ...shared, JEBALLTO_RUNNER_JEBALLTO_BASE_URL: 'http://192.0.2.3:8011/v1' })).toBe(
      'http://192.0.2.3:8011/v1',
    );
  });

  test('JEBALLTO_BASE_URL is ignored with a warning when hosts have their own addresses', () => {
    const hosts = [{ name: 'mac-1', base_url: 'http://192.0.2.1:8011/v1' }];
    const { config, warnings } = load(
      { ...SMALLEST, hosts },
      { JEBALLTO_BASE_URL: 'http://192.0.2.2:8011/v1' },
    );
    expect(config.hosts[0]?.base_url).toBe('http://192.0.2.1:8011/v1');
    expect(warnings).toEqual([
      {
        at: 'JEBALLTO_BASE_URL',
        path: '',
        message: 'is ignored, since every entry of hosts has its own base_url: unset it.',
      },
    ]);
  });

  test('GITHUB_TOKEN is used only when the file has neither a token nor a part of an App', () => {
    const folder = temporaryFolder();
    writeIn(folder, 'app.pem', APP_KEY);
    const { owner, repository } = SMALLEST.github;
    const tokenOf = (github: object) =>
      load({ ...SMALLEST, github: { owner, repository, ...github } }, { GITHUB_TOKEN: 'ghp_shell' }, folder)
        .config.github.token;
    expect(tokenOf({})).toBe('ghp_shell');
    expect(tokenOf({ token: 'ghp_file' })).toBe('ghp_file');
    expect(tokenOf({ app_id: 1, installation_id: 2, app_private_key_path: 'app.pem' })).toBeUndefined();
  });

  test("the agent's token comes from the file, then from the host's variable, then from the shared ones", () => {
    const folder = temporaryFolder();
    const file = writeIn(folder, 'token', OTHER_TOKEN);
    const hostOf = (jeballto: object, env: object) =>
      load({ ...SMALLEST, jeballto }, { ...env }, folder).config.hosts[0];
    const shared = { JEBALLTO_TOKEN: AGENT_TOKEN, JEBALLTO_TOKEN_FILE: file };

    expect(hostOf({ token: OTHER_TOKEN }, shared)).toMatchObject({ token: OTHER_TOKEN });
    expect(hostOf({ token_file: file }, shared)).not.toHaveProperty('token');
    expect(hostOf({}, { ...shared, JEBALLTO_TOKEN_LOCAL: OTHER_TOKEN })).toMatchObject({
      token: OTHER_TOKEN,
    });
    expect(hostOf({}, shared)).toMatchObject({ token: AGENT_TOKEN });
    expect(hostOf({}, { JEBALLTO_TOKEN_FILE: file })).toMatchObject({ token_file: file });
    expect(hostOf({ token_command: ['x'] }, shared)).toMatchObject({ token: AGENT_TOKEN });
  });

  test('each of several hosts has its own variable, and none uses the shared one', () => {
    const hosts = ['mac-1', 'mac.2'].map((name) => ({
      name,
      base_url: `http://${name.replace('.', '-')}:8011/v1`,
    }));
    const env = { JEBALLTO_TOKEN: AGENT_TOKEN, JEBALLTO_TOKEN_MAC_2: OTHER_TOKEN };
    const { config } = load({ ...SMALLEST, hosts }, env);
    expect(config.hosts.map(({ token }) => token)).toEqual([undefined, OTHER_TOKEN]);
  });

  test('a single entry of hosts uses the shared token', () => {
    const hosts = [{ name: 'mac-1', base_url: 'http://mac-1:8011/v1' }];
    expect(load({ ...SMALLEST, hosts }, { JEBALLTO_TOKEN: AGENT_TOKEN }).config.hosts[0]?.token).toBe(
      AGENT_TOKEN,
    );
  });
});
