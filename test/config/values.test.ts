import { describe, expect, test } from 'vitest';
import { parseDuration } from '../../src/config/values/duration.ts';
import { imageReferenceProblem } from '../../src/config/values/image-reference.ts';
import { isLoopback, isSameListener, parseListenAddress } from '../../src/config/values/listen-address.ts';
import { parseSize } from '../../src/config/values/size.ts';
import { load, problemLines, SMALLEST } from './config-fixture.ts';

describe('durations', () => {
  test.each([
    ['250ms', 250],
    ['10s', 10_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['30d', 2_592_000_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
  ])('%s is %i milliseconds', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each(['10', '', 's', '10 s', '10sec', '-5s', '5M', '1e3s', ' 10s'])('"%s" is not a duration', (text) =>
    expect(parseDuration(text)).toBeNull(),
  );

  test('a duration without a unit is refused', () => {
    expect(problemLines({ ...SMALLEST, controller: { poll_interval: 10 } })).toEqual([
      'controller.poll_interval: 10 has no unit: write a number and a unit (ms, s, m, h or d), such as 10s, 5m or 1h30m.',
    ]);
  });

  test.each(['0s', '367d'])('the duration %s is out of range', (text) => {
    expect(problemLines({ ...SMALLEST, timeouts: { probing: text } })).toEqual([
      `timeouts.probing: "${text}" is out of range: write a duration from 1ms to 366d.`,
    ]);
  });

  test("an image pull may not be given more time than the agent's 7 days", () => {
    expect(problemLines({ ...SMALLEST, timeouts: { creating: '8d' } })).toEqual([
      'timeouts.creating: is too long: the agent ends a pull after 7d. Write 7d or less.',
    ]);
  });
});

describe("sizes follow the agent's rule", () => {
  test.each([
    ['12GB', 12 * 1024 ** 3],
    ['12 gb', 12 * 1024 ** 3],
    ['4.5GB', 4.5 * 1024 ** 3],
    ['512MB', 512 * 1024 ** 2],
    ['1TB', 1024 ** 4],
  ])('%s is %i bytes', (text, bytes) => expect(parseSize(text)).toBe(bytes));

  test.each(['12GiB', '12G', '8589934592', '512KB', '1e3GB', '12  GB', '-1GB', ''])(
    '"%s" is not a size',
    (text) => expect(parseSize(text)).toBeNull(),
  );

  const withProfile = (profile: object) => ({
    ...SMALLEST,
    labels: { mac: { image: 'ghcr.io/acme/mac:1', ...profile } },
  });

  test('the smallest and the largest size are allowed, and a number without a unit is bytes', () => {
    const { config } = load(
      withProfile({ cpu: 32, memory: '2GB', disk: 20 * 1024 ** 3, lifetime_seconds: 604_800 }),
    );
    expect(config.labels.mac).toEqual({
      image: 'ghcr.io/acme/mac:1',
      cpu: 32,
      memory: 2 * 1024 ** 3,
      disk: 20 * 1024 ** 3,
      lifetime_seconds: 604_800,
      warm: 0,
    });
    expect(load(withProfile({ cpu: 1, memory: '128GB', disk: '8TB' })).config.labels.mac?.cpu).toBe(1);
  });

  test.each([
    [
      { memory: '12GiB' },
      'memory: "12GiB" is not a size: write a number and MB, GB or TB, such as 2GB (1 GB is 1024³ bytes).',
    ],
    [{ memory: '1GB' }, 'memory: "1GB" is out of range: the agent accepts 2GB to 128GB.'],
    [{ memory: 12 }, 'memory: 12 bytes is out of range: the agent accepts 2GB to 128GB.'],
    [{ memory: '129GB' }, 'memory: "129GB" is out of range: the agent accepts 2GB to 128GB.'],
    [{ disk: '19GB' }, 'disk: "19GB" is out of range: the agent accepts 20GB to 8TB.'],
    [{ disk: '8193GB' }, 'disk: "8193GB" is out of range: the agent accepts 20GB to 8TB.'],
    [{ disk: true }, 'disk: must be a size: write it as a text, such as 20GB.'],
    [{ cpu: 0 }, 'cpu: 0 does not fit here: write a whole number from 1 to 32.'],
    [{ cpu: 33 }, 'cpu: 33 does not fit here: write a whole number from 1 to 32.'],
    [{ cpu: 1.5 }, 'cpu: 1.5 does not fit here: write a whole number from 1 to 32.'],
    [{ cpu: '6' }, 'cpu: is a text: write 6 without quotes.'],
    [
      { lifetime_seconds: 604_801 },
      'lifetime_seconds: 604801 does not fit here: write a whole number from 1 to 604800 (seconds).',
    ],
  ])('a profile with %j is refused', (profile, problem) => {
    expect(problemLines(withProfile(profile))).toEqual([`labels.mac.${problem}`]);
  });
});

describe('listen addresses', () => {
  test.each([
    [':9090', '0.0.0.0', 9090],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['localhost:80', 'localhost', 80],
    ['[::1]:9091', '::1', 9091],
    ['mac-1.example.com:65535', 'mac-1.example.com', 65_535],
  ])('%s is a listen address', (text, host, port) =>
    expect(parseListenAddress(text)).toEqual({ host, port }),
  );

  test.each(['9090', '127.0.0.1', '::1:9091', ':65536', ':', 'host:http', 'a b:80'])(
    '"%s" is not a listen address',
    (text) => expect(parseListenAddress(text)).toBeNull(),
  );

  test('a port without a colon is refused, with the form that works', () => {
    expect(problemLines({ ...SMALLEST, controller: { webhook_listen: 9090 } })).toEqual([
      'controller.webhook_listen: 9090 is not an address: write host:port, such as 127.0.0.1:9091, or :9090 for every interface; an IPv6 host goes in brackets.',
    ]);
  });

  test('loopback addresses are known as those that only this machine reaches', () => {
    expect(['127.0.0.1', '127.9.9.9', '::1', 'LocalHost'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.0.2.1', 'mac-1', '127.0.0.1.example.com'].some(isLoopback)).toBe(false);
  });

  test('two listeners collide on one port, on a wildcard too, but never on port 0', () => {
    const at = (host: string, port = 9090) => ({ host, port });
    expect(isSameListener(at('127.0.0.1'), at('127.0.0.1'))).toBe(true);
    expect(isSameListener(at('127.0.0.1'), at('0.0.0.0'))).toBe(true);
    expect(isSameListener(at('127.0.0.1'), at('192.0.2.1'))).toBe(false);
    expect(isSameListener(at('127.0.0.1'), at('127.0.0.1', 9091))).toBe(false);
    expect(isSameListener(at('127.0.0.1', 0), at('127.0.0.1', 0))).toBe(false);
  });
});

describe('image references', () => {
  const digest = `sha256:${'0a'.repeat(32)}`;

  test.each([
    'ghcr.io/jeballto/macos-ci:latest',
    'ghcr.io/jeballto/macos-ci',
    `ghcr.io/jeballto/macos-ci@${digest}`,
    `ghcr.io/jeballto/macos-ci:26.1@${digest}`,
    'localhost:5000/mac__os/ci_x.y-z:V1',
    'macos-ci:latest',
  ])('%s is an image reference', (reference) => expect(imageReferenceProblem(reference)).toBeNull());

  test.each([
    ['https://ghcr.io/a/b', 'An image reference has no scheme'],
    ['ghcr.io/Jeballto/macos-ci', 'lower case'],
    ['ghcr.io/a/b:', 'Write registry/repository:tag'],
    ['ghcr.io/a b', 'Write registry/repository:tag'],
    ['ghcr.io/a/b@sha256:12', 'Write registry/repository:tag'],
    ['', 'Write registry/repository:tag'],
    [`ghcr.io/${'a'.repeat(1024)}`, 'at most 1024 bytes'],
  ])('"%s" is not an image reference, and the message says why', (reference, why) =>
    expect(imageReferenceProblem(reference)).toContain(why),
  );
});

describe('URLs', () => {
  const withAgent = (base_url: string) => ({ ...SMALLEST, jeballto: { base_url } });

  test('lose the slashes at their end', () => {
    const { config } = load({
      ...withAgent('http://mac-1:8011/v1//'),
      github: { ...SMALLEST.github, api_url: 'https://github.example.com/api/v3/' },
    });
    expect(config.hosts[0]?.base_url).toBe('http://mac-1:8011/v1');
    expect(config.github.api_url).toBe('https://github.example.com/api/v3');
  });

  test.each([
    ['127.0.0.1:8011', 'is not an http or https URL: write it in full, such as http://127.0.0.1:8011/v1.'],
    ['ftp://mac/v1', 'is not an http or https URL: write it in full, such as http://127.0.0.1:8011/v1.'],
    ['http://mac:8011', 'does not end in /v1, where the agent has its API: add it.'],
    ['http://me:pw@mac/v1', 'must be a URL without user, password, query and fragment: remove them.'],
    ['http://mac/a%20b/v1', 'contains a "%", which the agent refuses in paths: remove it.'],
  ])('such as %s are refused for the agent', (url, problem) => {
    expect(problemLines(withAgent(url))).toEqual([`jeballto.base_url: ${problem}`]);
  });

  test("of GitHub's website are refused for its API", () => {
    expect(
      problemLines({ ...SMALLEST, github: { ...SMALLEST.github, api_url: 'https://github.com' } }),
    ).toEqual([
      "github.api_url: is GitHub's website. Its API is at https://api.github.com, and a GitHub Enterprise Server's at https://HOST/api/v3.",
    ]);
  });
});

describe('texts', () => {
  test.each([
    ['controller', 'id', 'my-mac', 'write lower-case letters and digits, at most 16 and no "-".'],
    ['controller', 'id', 'Mac', 'write lower-case letters and digits, at most 16 and no "-".'],
    ['controller', 'id', 'a'.repeat(17), 'write lower-case letters and digits, at most 16 and no "-".'],
    [
      'controller',
      'vm_name_prefix',
      'GH',
      'write lower-case letters and digits, with single "-" between them.',
    ],
    [
      'controller',
      'vm_name_prefix',
      'gh-',
      'write lower-case letters and digits, with single "-" between them.',
    ],
    ['runner', 'ssh_user', '-oProxyCommand', 'write a user name of macOS.'],
    [
      'runner',
      'install_path',
      'actions-runner',
      'write an absolute path in the guest, or one that begins with "~/".',
    ],
  ])('%s.%s cannot be "%s"', (section, key, value, problem) => {
    expect(problemLines({ ...SMALLEST, [section]: { [key]: value } })).toEqual([
      `${section}.${key}: "${value}" does not fit here: ${problem}`,
    ]);
  });

  test('a prefix may hold "-", since names are parsed from their end', () => {
    const { config } = load({ ...SMALLEST, controller: { vm_name_prefix: 'acme-gh' } });
    expect(config.controller.vm_name_prefix).toBe('acme-gh');
  });

  test('a path in the guest may begin at the guest’s home, and is not changed', () => {
    const { config } = load({ ...SMALLEST, runner: { install_path: '~/actions-runner' } });
    expect(config.runner.install_path).toBe('~/actions-runner');
  });

  test('a text that YAML reads as another type is refused, with the advice to quote it', () => {
    expect(problemLines({ ...SMALLEST, runner: { ssh_password: 12345 } })).toEqual([
      'runner.ssh_password: is read as a number, but must be a text: put it in quotes.',
    ]);
  });

  test('a secret with a line break at its end is refused and not repeated', () => {
    expect(problemLines({ ...SMALLEST, github: { ...SMALLEST.github, token: 'ghp_hidden\n' } })).toEqual([
      'github.token: begins or ends with a space or a line break: remove it.',
    ]);
  });
});

test('base VMs are kept only when the file or a variable says true, and no value but true and false is accepted', () => {
  const variable = 'JEBALLTO_RUNNER_CONTROLLER_BASE_VMS';
  const kept = (controller: object, env = {}) =>
    load({ ...SMALLEST, controller }, env).config.controller.base_vms;
  expect([kept({}), kept({ base_vms: true })]).toEqual([false, true]);
  expect([kept({}, { [variable]: 'true' }), kept({ base_vms: true }, { [variable]: 'false' })]).toEqual([
    true,
    false,
  ]);
  expect(problemLines({ ...SMALLEST, controller: { base_vms: 'yes' } })).toEqual([
    'controller.base_vms: "yes" does not fit here: write true or false, without quotes.',
  ]);
});
