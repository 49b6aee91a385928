import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import {
  configErrorOf,
  load,
  problemLines,
  SMALLEST,
  temporaryFolder,
  variable,
  writeIn,
} from './config-fixture.ts';

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
