import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { SECTIONS } from '../../src/config/sections/sections.ts';
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

const ROOT = join(import.meta.dirname, '..', '..');

/** The documented keys of the system that this one can replace, and no others. */
const DOCUMENTED_FORM = `
github:
  app_id: 12345
  app_private_key_path: path.pem
  installation_id: 67890
  owner: acme
  repository: app
  webhook_secret: It's a Secret to Everybody
jeballto:
  base_url: http://127.0.0.1:8011/v1
  token_file: agent.token
controller:
  mode: both
  poll_interval: 10s
  webhook_listen: :9090
  max_concurrent_vms: 2
  vm_idle_timeout: 5m
  gc_interval: 60s
  vm_name_prefix: gh
runner:
  ssh_user: admin
  ssh_password: admin
  install_path: /Users/admin/actions-runner
  connect_timeout: 20s
labels:
  jeballto-macos:
    image: ghcr.io/jeballto/macos-ci:latest
    cpu: 6
    memory: 12GB
    disk: 256GB
    lifetime_seconds: 3600
  jeballto-xcode26:
    image: ghcr.io/jeballto/macos-ci:latest
    lifetime_seconds: 7200
`;

describe('whole files', () => {
  test('a YAML file with the documented keys loads unchanged and without a warning', () => {
    const folder = temporaryFolder();
    const key = writeIn(folder, 'path.pem', APP_KEY);
    const token = writeIn(folder, 'agent.token', AGENT_TOKEN);
    const { config, warnings } = load(DOCUMENTED_FORM, {}, folder);
    expect(warnings).toEqual([]);
    expect(config).toEqual({
      github: {
        app_id: 12345,
        app_private_key_path: key,
        installation_id: 67890,
        owner: 'acme',
        repository: 'app',
        repositories: ['acme/app'],
        webhook_secret: "It's a Secret to Everybody",
        api_url: 'https://api.github.com',
      },
      hosts: [
        { name: 'local', base_url: 'http://127.0.0.1:8011/v1', token_file: token, max_concurrent_vms: 2 },
      ],
      controller: {
        id: 'default',
        mode: 'both',
        poll_interval: 10_000,
        recheck_interval: 60_000,
        webhook_listen: { host: '0.0.0.0', port: 9090 },
        max_concurrent_vms: 2,
        vm_idle_timeout: 300_000,
        warm_vm_max_age: 3_600_000,
        gc_interval: 60_000,
        vm_name_prefix: 'gh',
        base_vms: false,
        max_attempts: 3,
        host_check_interval: 5_000,
      },
      runner: {
        ssh_user: 'admin',
        ssh_password: 'admin',
        install_path: '/Users/admin/actions-runner',
        connect_timeout: 20_000,
        scope: 'repository',
        group: 'Default',
        labels: ['self-hosted', 'macos', 'arm64'],
      },
      labels: {
        'jeballto-macos': {
          image: 'ghcr.io/jeballto/macos-ci:latest',
          cpu: 6,
          memory: 12 * 1024 ** 3,
          disk: 256 * 1024 ** 3,
          lifetime_seconds: 3600,
          warm: 0,
        },
        'jeballto-xcode26': { image: 'ghcr.io/jeballto/macos-ci:latest', lifetime_seconds: 7200, warm: 0 },
      },
      timeouts: {
        creating: 7_200_000,
        starting: 300_000,
        ssh_ready: 600_000,
        probing: 120_000,
        jit_config: 300_000,
        runner_online: 300_000,
        completion_grace: 60_000,
        retire_window: 30_000,
        create_settle: 120_000,
        host_lost: 120_000,
      },
      store: { path: join(folder, 'data'), retention: 2_592_000_000, lease: 8_000 },
      admin: { listen: { host: '127.0.0.1', port: 9091 } },
      notify: {},
      log: { level: 'info', format: 'json' },
    });
  });

  const example = join(ROOT, 'config.example.json');

  test('config.example.json loads without a warning once its secrets are in the environment', () => {
    const env = { HOME: temporaryFolder(), GITHUB_TOKEN: 'ghp_example', JEBALLTO_TOKEN: AGENT_TOKEN };
    const { config, warnings } = loadConfig({ path: example, env });
    expect(warnings).toEqual([]);
    expect(config.github.token).toBe('ghp_example');
    expect(config.hosts).toEqual([
      { name: 'local', base_url: 'http://127.0.0.1:8011/v1', token: AGENT_TOKEN, max_concurrent_vms: 2 },
    ]);
    expect(config.store.path).toBe(join(ROOT, 'data'));
  });

  test('config.example.json has every key, and the defaults of the schema in it', () => {
    const content = JSON.parse(readFileSync(example, 'utf8'));
    expect(Object.keys(content)).toEqual(Object.keys(SECTIONS));
    for (const [name, { form, keys }] of Object.entries(SECTIONS)) {
      if (form === 'one') expect(Object.keys(content[name]), name).toEqual(Object.keys(keys));
    }
    for (const profile of Object.values(content.labels)) {
      expect(Object.keys(profile as object)).toEqual(Object.keys(SECTIONS.labels?.keys ?? {}));
    }
    const { config: smallest } = load(SMALLEST);
    const { config } = loadConfig({ path: example, env: { GITHUB_TOKEN: 'x', JEBALLTO_TOKEN: AGENT_TOKEN } });
    for (const section of ['controller', 'runner', 'timeouts', 'admin', 'log'] as const) {
      expect(config[section], section).toEqual(smallest[section]);
    }
  });

  test('without hosts, the section jeballto makes one host, even when it is missing', () => {
    expect(load(SMALLEST).config.hosts).toEqual([
      { name: 'local', base_url: 'http://127.0.0.1:8011/v1', max_concurrent_vms: 2 },
    ]);
  });

  test("a host uses the controller's limit unless it has its own", () => {
    const { config } = load({
      ...SMALLEST,
      controller: { max_concurrent_vms: 1 },
      hosts: [
        { name: 'mac-1', base_url: 'http://192.0.2.1:8011/v1' },
        { name: 'mac-2', base_url: 'http://192.0.2.2:8011/v1', max_concurrent_vms: 2 },
      ],
    });
    expect(config.hosts.map(({ name, max_concurrent_vms }) => [name, max_concurrent_vms])).toEqual([
      ['mac-1', 1],
      ['mac-2', 2],
    ]);
  });

  test('repositories become full names, each once, whatever their case', () => {
    const { config } = load({
      ...SMALLEST,
      github: {
        token: 't',
        owner: 'acme',
        repository: 'app',
        repositories: ['site', 'Acme/App', 'acme/site'],
      },
    });
    expect(config.github.repositories).toEqual(['acme/app', 'acme/site']);
  });

  test('runners belong to the organization where no repository is named, and to repositories otherwise', () => {
    const scopeOf = (content: object): 'repository' | 'organization' => load(content).config.runner.scope;
    const webhookOnly = {
      ...SMALLEST,
      github: { token: 't', owner: 'acme', webhook_secret: 's' },
      controller: { mode: 'webhook' },
    };
    expect(scopeOf(SMALLEST)).toBe('repository');
    expect(scopeOf(webhookOnly)).toBe('organization');
    expect(scopeOf({ ...SMALLEST, runner: { scope: 'organization' } })).toBe('organization');
  });

  test('the webhook secret may be a list while it is being changed, in the file and in a variable', () => {
    const secretOf = (webhook_secret: unknown, env = {}) =>
      load({ ...SMALLEST, github: { ...SMALLEST.github, webhook_secret } }, env).config.github.webhook_secret;
    const NAME = 'JEBALLTO_RUNNER_GITHUB_WEBHOOK_SECRET';
    expect(secretOf(['new', 'old'])).toEqual(['new', 'old']);
    expect(secretOf([variable('NEW'), 'old'], { NEW: 'new' })).toEqual(['new', 'old']);
    expect(secretOf('old', { [NAME]: '["new", "a, b"]' })).toEqual(['new', 'a, b']);
    expect(secretOf(undefined, { [NAME]: 'one, with a comma' })).toBe('one, with a comma');
    expect(secretOf(undefined, { [NAME]: '[no list' })).toBe('[no list');
  });

  test.each([
    [[], ': is an empty list: name at least one, or leave the key out.'],
    [['fine', ''], '[1]: is empty. Give a value, or leave the key out.'],
    [[7], ': must be a list of texts: put each text in quotes.'],
    [7, ': is read as a number, but must be a text: put it in quotes.'],
  ])('an unusable webhook secret is refused: %j', (webhook_secret, problem) => {
    const github = { ...SMALLEST.github, webhook_secret };
    expect(problemLines({ ...SMALLEST, github })).toEqual([`github.webhook_secret${problem}`]);
  });

  test('null and an empty section mean "not given"', () => {
    const { config } = load(`
github: {token: t, owner: acme, repository: app, app_id: null, webhook_secret: }
jeballto:
hosts: null
controller:
  mode:
labels:
  mac: {image: ghcr.io/acme/mac, cpu: null}
`);
    expect(config.github).not.toHaveProperty('app_id');
    expect(config.controller.mode).toBe('poll');
    expect(config.labels.mac).toEqual({ image: 'ghcr.io/acme/mac', lifetime_seconds: 7200, warm: 0 });
  });

  test('a profile may merge the keys of another one', () => {
    const { config } = load(`
github: {token: t, owner: acme, repository: app}
labels:
  small: &base {image: ghcr.io/acme/mac, cpu: 2}
  large:
    <<: *base
    cpu: 6
`);
    expect(config.labels.large).toMatchObject({ image: 'ghcr.io/acme/mac', cpu: 6 });
  });
});
