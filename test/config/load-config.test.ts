import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { SECTIONS } from '../../src/config/sections/sections.ts';
import {
  AGENT_TOKEN,
  APP_KEY,
  configErrorOf,
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

describe('a config file is refused', () => {
  test('with every problem at once, in the order of the file, each with line, key and fix', () => {
    const folder = temporaryFolder();
    const text = `
github:
  owner: acme
  token: ${variable('NO_SUCH_VARIABLE')}
controller:
  mode: pull
  poll_intervall: 5s
labels:
  mac 15:
    cpu: 64
admin: {listen: ":9092"}
`;
    const error = configErrorOf(() => load(text, { JEBALLTO_RUNNER_LOG_LEVEL: 'loud' }, folder));
    const file = join(folder, 'config.yaml');
    expect(error.message.split('\n')).toEqual([
      'JEBALLTO_RUNNER_LOG_LEVEL: log.level: "loud" is not one of the choices: write trace, debug, info, warn, error, fatal or silent.',
      `${file}:4: github.token: takes its value from the environment variable NO_SUCH_VARIABLE, which is not set: set it, or write the value here.`,
      `${file}:6: controller.mode: "pull" is not one of the choices: write poll, webhook or both.`,
      `${file}:7: controller.poll_intervall: is not a key here. Did you mean poll_interval?`,
      `${file}:9: labels["mac 15"].image: is missing. Image that holds macOS and the Actions runner. With a digest in the reference, a job needs no registry once the Mac has the image, and another digest is tried on one host before the others get it.`,
      `${file}:10: labels["mac 15"].cpu: 64 does not fit here: write a whole number from 1 to 32.`,
      `${file}:11: admin.token: is missing. admin.listen opens the API to other machines at 0.0.0.0: set a token, or listen on 127.0.0.1.`,
    ]);
  });

  test('when it is empty', () => {
    expect(problemLines('')).toEqual([
      expect.stringMatching(/^github: is missing\. Whose jobs are served/),
      expect.stringMatching(/^labels: is missing\. At least one profile/),
    ]);
  });

  test('when a section is not a section', () => {
    expect(problemLines({ ...SMALLEST, github: [], labels: 'mac', store: './data', hosts: {} })).toEqual([
      expect.stringMatching(/^github: must hold some of these keys: token, app_id, /),
      'labels: must hold names, and under each name some of these keys: image, cpu, memory, disk, lifetime_seconds, warm, hold_failed.',
      'store: must hold some of these keys: path, url, lease, retention.',
      'hosts: must be a list of hosts, each with a name and a base_url.',
    ]);
  });

  test.each([
    ['pollInterval', 'controller', 'Did you mean poll_interval?'],
    ['poll-interval', 'controller', 'Did you mean poll_interval?'],
    ['image', 'runner', 'is not a key here. Its place is labels.<label>.image: move it there.'],
    [
      'base_url',
      'controller',
      'is not a key here. Its place is jeballto.base_url or hosts[].base_url: move it there.',
    ],
    ['zzz', 'log', 'is not a key here. The most similar key is level; all keys here: level, format.'],
  ])('for the key %s under %s, which does not exist', (key, section, fix) => {
    expect(problemLines({ ...SMALLEST, [section]: { [key]: 'x' } })).toEqual([
      `${section}.${key}: ${fix.startsWith('is ') ? fix : `is not a key here. ${fix}`}`,
    ]);
  });

  test('for an unknown key in any section, in hosts and in profiles', () => {
    expect(
      problemLines({
        ...SMALLEST,
        controler: {},
        hosts: [{ name: 'a', base_url: 'http://192.0.2.1/v1', tokenfile: 'x' }],
        labels: { mac: { image: 'ghcr.io/acme/mac', memori: '8GB' } },
      }),
    ).toEqual(
      expect.arrayContaining([
        'controler: is not a key here. Did you mean controller?',
        'hosts[0].tokenfile: is not a key here. Did you mean token_file?',
        'labels.mac.memori: is not a key here. Did you mean memory?',
      ]),
    );
  });
});

describe('syntax', () => {
  const syntaxOf = (text: string, name = 'config.yaml') => {
    const folder = temporaryFolder();
    const path = writeIn(folder, name, text);
    return configErrorOf(() => loadConfig({ path, env: {} })).message.replaceAll(`${folder}/`, '');
  };

  test('an error names its line, and never repeats the text of the line', () => {
    expect(syntaxOf('github:\n\ttoken: ghp_hidden\n')).toBe(
      'config.yaml:2: is indented with a tab, which YAML refuses: use spaces.',
    );
    expect(syntaxOf('a: 1\na: ghp_hidden\n')).toBe(
      'config.yaml:2: holds the key a twice: keep one of the two.',
    );
    expect(syntaxOf('a: "ghp_hidden\n')).not.toContain('ghp_hidden');
    expect(syntaxOf('token: !ghp_hidden x\n')).toBe(
      'config.yaml:1: has a value that begins with "!": put it in quotes.',
    );
    expect(syntaxOf('token: *ghp_hidden\n')).toBe(
      'config.yaml:1: has a value that begins with "*": put it in quotes.',
    );
  });

  test('a comma that is missing in JSON is reported at its place', () => {
    expect(syntaxOf('{\n  "a": 1\n  "b": "ghp_hidden"\n}', 'config.json')).toMatch(
      /^config\.json:3: is not valid JSON, here or just before: look for a missing or extra comma/,
    );
  });

  test('a key that occurs twice is named, in JSON too', () => {
    expect(syntaxOf('{\n  "github": {"token": "ghp_hidden"},\n  "github": {}\n}', 'config.json')).toBe(
      'config.json:3: holds the key github twice: keep one of the two.',
    );
  });

  test.each(['utf16le', 'latin1'] as const)(
    'a file in %s, which is not UTF-8, is reported as such',
    (encoding) => {
      const folder = temporaryFolder();
      const path = join(folder, 'config.json');
      const text = encoding === 'latin1' ? '\u0000\u0001binary' : '\uFEFF{"github": {}}';
      writeFileSync(path, Buffer.from(text, encoding));
      expect(configErrorOf(() => loadConfig({ path, env: {} })).message).toContain('is not UTF-8');
    },
  );

  test.each(['config.toml', 'config.yaml', 'config.json'])('TOML in %s is reported as TOML', (name) => {
    expect(syntaxOf('[github]\nowner = "acme"\ntoken = "ghp_hidden"\n', name)).toBe(
      `${name}: is TOML: write the configuration as JSON or YAML (config.example.json shows how).`,
    );
  });

  test('a YAML value that lacks its quotes is reported once, with its line', () => {
    expect(syntaxOf(`github: { token: \${TOKEN}, owner: acme }\nlabels: {}\n`)).toBe(
      'config.yaml:1: has a character with a special meaning in YAML here, such as { or [: put the value in quotes.',
    );
  });

  test('JSON may be indented with tabs and begin with a byte order mark', () => {
    const path = writeIn(temporaryFolder(), 'config.json', `\uFEFF${JSON.stringify(SMALLEST, null, '\t')}`);
    expect(loadConfig({ path, env: {} }).config.github.owner).toBe('acme');
  });

  test('a list is refused as a configuration', () => {
    expect(syntaxOf('- github\n')).toBe(
      'config.yaml: contains no keys: write github, jeballto and so on, each with its own keys (config.example.json shows how).',
    );
  });

  test('a missing file, and a folder in its place, are reported as such', () => {
    const folder = temporaryFolder();
    const messageAt = (path: string) => configErrorOf(() => loadConfig({ path, env: {} })).message;
    expect(messageAt(join(folder, 'none.json'))).toBe(
      `${folder}/none.json: there is no such file: let "jeballto-runner init" write it, or name another file with --config.`,
    );
    expect(messageAt(folder)).toBe(`${folder}: is a folder: name the file in it.`);
  });
});

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
