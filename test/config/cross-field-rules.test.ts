import { describe, expect, test } from 'vitest';
import { parseResourceName, resourceName } from '../../machines/resource-name.ts';
import {
  AGENT_TOKEN,
  APP_KEY,
  load,
  problemLines,
  SMALLEST,
  temporaryFolder,
  writeIn,
} from './config-fixture.ts';

const OWNER = { owner: 'acme', repository: 'app' };

describe('credentials for GitHub', () => {
  const app = () => {
    const folder = temporaryFolder();
    return { app_id: 1, installation_id: 2, app_private_key_path: writeIn(folder, 'app.pem', APP_KEY) };
  };
  const withGithub = (github: object) => ({ ...SMALLEST, github: { ...OWNER, ...github } });

  test('a token alone is enough, and so are the three keys of an App', () => {
    expect(load(withGithub({ token: 't' })).config.github.token).toBe('t');
    expect(load(withGithub(app())).config.github.app_id).toBe(1);
  });

  test('neither a token nor an App is refused', () => {
    expect(problemLines(withGithub({}))).toEqual([
      'github: has no credentials: give token, or app_id, app_private_key_path and installation_id of a GitHub App.',
    ]);
  });

  test('a token together with an App is refused', () => {
    expect(problemLines(withGithub({ token: 't', ...app() }))).toEqual([
      'github.app_id: cannot be used together with github.token: keep the App or the token, and remove the other.',
    ]);
  });

  test('each missing part of an App is named', () => {
    expect(problemLines(withGithub({ app_id: 1 }))).toEqual([
      'github.app_private_key_path: is missing: a GitHub App needs it together with app_id.',
      'github.installation_id: is missing: a GitHub App needs it together with app_id.',
    ]);
  });

  test('an empty credential is one problem, not two', () => {
    expect(problemLines(withGithub({ token: '' }))).toEqual([
      'github.token: is empty. Give a value, or leave the key out.',
    ]);
  });
});

describe('repositories', () => {
  const withoutRepository = { token: 't', owner: 'acme', webhook_secret: 's' };

  test.each(['poll', 'both'])('mode %s needs a repository', (mode) => {
    expect(problemLines({ ...SMALLEST, github: withoutRepository, controller: { mode } })).toEqual([
      `github.repository: is missing. With controller.mode ${mode} the daemon asks GitHub for the queued jobs of each repository: name one repository here, or several in github.repositories, or set controller.mode to webhook.`,
    ]);
  });

  test('mode webhook needs no repository, unless runners belong to repositories', () => {
    const content = { ...SMALLEST, github: withoutRepository, controller: { mode: 'webhook' } };
    expect(load(content).config.github.repositories).toEqual([]);
    expect(problemLines({ ...content, runner: { scope: 'repository' } })).toEqual([
      'runner.scope: is "repository", but no repository is given: name at least one in github.repositories, or set it to organization.',
    ]);
  });

  test('a repository of another owner is served with a token, by runners of its own', () => {
    const github = { ...SMALLEST.github, repositories: ['other/site'] };
    expect(load({ ...SMALLEST, github }).config.github.repositories).toEqual(['acme/app', 'other/site']);
  });

  test("a repository of another owner is refused for an organization's runners and for an App", () => {
    const folder = temporaryFolder();
    writeIn(folder, 'app.pem', APP_KEY);
    const fix = 'only the repositories of that one account: remove it, or run a second daemon for it.';
    expect(
      problemLines({
        ...SMALLEST,
        github: { token: 't', owner: 'acme', repositories: ['app', 'other/site'] },
        runner: { scope: 'organization' },
      }),
    ).toEqual([
      `github.repositories[1]: "other/site" does not belong to acme, and the runners of an organization serve ${fix}`,
    ]);
    const app = { app_id: 1, installation_id: 2, app_private_key_path: 'app.pem' };
    const github = { owner: 'acme', repository: 'other/site', ...app };
    expect(problemLines({ ...SMALLEST, github }, {}, folder)).toEqual([
      `github.repository: "other/site" does not belong to acme, and the installation of an App reaches ${fix}`,
    ]);
  });
});

describe('hosts', () => {
  const host = (name: string) => ({ name, base_url: 'http://192.0.2.1:8011/v1' });

  test('and the section jeballto together are refused', () => {
    expect(problemLines({ ...SMALLEST, hosts: [host('a')], jeballto: { token: AGENT_TOKEN } })).toEqual([
      'jeballto: cannot be used together with hosts: move its keys to an entry of hosts with a name, or remove hosts.',
    ]);
  });

  test('need names that differ in logs and in variables', () => {
    expect(problemLines({ ...SMALLEST, hosts: [host('mac-1'), host('mac-2'), host('MAC.1')] })).toEqual([
      'hosts[2].name: "MAC.1" and "mac-1" are too similar, since both would take their token from the variable JEBALLTO_TOKEN_MAC_1: rename one.',
    ]);
    expect(problemLines({ ...SMALLEST, hosts: [host('file')] })).toEqual([
      'hosts[0].name: "file" would take its token from JEBALLTO_TOKEN_FILE, the variable for the path of a token file: choose another name.',
    ]);
  });

  test('need at least one entry', () => {
    expect(problemLines({ ...SMALLEST, hosts: [] })).toEqual([
      'hosts: is an empty list: add a host, or leave hosts out and use jeballto.',
    ]);
  });
});

describe('names of VMs and runners', () => {
  test('made of the longest prefix and id are as long as GitHub allows, and are read back', () => {
    const id = 'i'.repeat(16);
    const { config } = load({ ...SMALLEST, controller: { vm_name_prefix: `p-${'p'.repeat(28)}`, id } });
    const start = `${config.controller.vm_name_prefix}-${config.controller.id}`;
    const name = resourceName(start, 123_456_789_012, 123);
    expect(name).toHaveLength(64);
    expect(parseResourceName(start, name)).toEqual({ jobId: 123_456_789_012, number: 123 });
  });

  test('that would be longer make the config invalid', () => {
    expect(
      problemLines({ ...SMALLEST, controller: { vm_name_prefix: 'p'.repeat(31), id: 'i'.repeat(16) } }),
    ).toEqual([
      `controller.vm_name_prefix: makes names of up to 65 characters together with controller.id "${'i'.repeat(16)}", and GitHub accepts at most 64: shorten it by 1 character.`,
    ]);
  });

  test('of another controller are never read as ours, even when a prefix holds "-"', () => {
    expect(parseResourceName('gh-a', resourceName('gh-a-1', 77, 1))).toBeNull();
    expect(parseResourceName('gh-a-1', resourceName('gh-a', 77, 1))).toBeNull();
  });
});

describe('labels', () => {
  const image = { image: 'ghcr.io/acme/mac' };

  test('need at least one entry', () => {
    expect(problemLines({ ...SMALLEST, labels: {} })).toEqual([
      'labels: is empty, so no job would ever get a VM: add a label with its image.',
    ]);
  });

  test('that differ only in case are refused', () => {
    expect(problemLines({ ...SMALLEST, labels: { mac: image, Mac: image } })).toEqual([
      'labels.Mac: differs from "mac" only in case, which GitHub ignores: remove one of the two.',
    ]);
  });

  test('that GitHub would refuse are refused', () => {
    expect(
      problemLines({ ...SMALLEST, labels: { 'a,b': image, ' c': image, ['d'.repeat(257)]: image } }),
    ).toEqual([
      'labels["a,b"]: contains a comma or a control character, which GitHub refuses in labels. Choose another label.',
      'labels[" c"]: is empty, or begins or ends with a space. Choose another label.',
      `labels.${'d'.repeat(257)}: is longer than 256 characters. Choose another label.`,
    ]);
  });

  test('are checked even when their profiles are wrong', () => {
    expect(problemLines({ ...SMALLEST, labels: { mac: {}, Mac: image } })).toEqual([
      expect.stringContaining('labels.mac.image: is missing.'),
      expect.stringContaining('labels.Mac: differs from "mac"'),
    ]);
  });

  test('for every runner are checked by the same rule', () => {
    expect(problemLines({ ...SMALLEST, runner: { labels: ['macos', 'a,b'] } })).toEqual([
      'runner.labels[1]: "a,b" does not fit here: write a label of at most 256 characters, without commas.',
    ]);
  });
});

describe('listeners', () => {
  test('the admin listener needs a token when other machines can reach it', () => {
    expect(problemLines({ ...SMALLEST, admin: { listen: '192.0.2.1:9091' } })).toEqual([
      'admin.token: is missing. admin.listen opens the API to other machines at 192.0.2.1: set a token, or listen on 127.0.0.1.',
    ]);
    const admin = { listen: '192.0.2.1:9091', token: 'a-long-admin-token' };
    expect(load({ ...SMALLEST, admin }).config.admin.listen.host).toBe('192.0.2.1');
    expect(load({ ...SMALLEST, admin: { listen: '[::1]:9091' } }).config.admin.token).toBeUndefined();
  });

  test('a token that only reads needs admin.token beside it, and differs from it', () => {
    const withTokens = (admin: object) => problemLines({ ...SMALLEST, admin });
    expect(withTokens({ read_token: 'a-long-read-token' })).toEqual([
      'admin.read_token: has no effect without admin.token, because then no request needs a token: set admin.token, too.',
    ]);
    expect(withTokens({ token: 'the-same-token', read_token: 'the-same-token' })).toEqual([
      'admin.read_token: is the same as admin.token, so its owner could give orders: choose another value for one of the two.',
    ]);
    const admin = { token: 'a-long-admin-token', read_token: 'a-long-read-token' };
    expect(load({ ...SMALLEST, admin }).config.admin.read_token).toBe('a-long-read-token');
  });

  test('the admin listener and the public one need different ports', () => {
    expect(problemLines({ ...SMALLEST, admin: { listen: '127.0.0.1:9090' } })).toEqual([
      'admin.listen: has the same port as controller.webhook_listen, which is open to the public: choose another port.',
    ]);
  });
});

test('more warm VMs than the hosts can run at once are refused', () => {
  const labels = { mac: { image: 'ghcr.io/acme/mac', warm: 3 } };
  expect(problemLines({ ...SMALLEST, labels })).toEqual([
    'labels.mac.warm: asks for 3 warm VMs, but the hosts run at most 2 at once: write 2 or less.',
  ]);
  const hosts = ['one', 'two'].map((name) => ({ name, base_url: 'http://192.0.2.1:8011/v1' }));
  expect(load({ ...SMALLEST, labels, hosts }).config.labels.mac?.warm).toBe(3);
});

test('a cross-field rule is skipped when a key that it reads is wrong; other rules are not', () => {
  expect(
    problemLines({
      ...SMALLEST,
      github: { token: 't', owner: 'acme' },
      controller: { mode: 'pull' },
      admin: { listen: ':9091' },
    }),
  ).toEqual([
    'controller.mode: "pull" is not one of the choices: write poll, webhook or both.',
    expect.stringMatching(/^admin\.token: is missing\./),
  ]);
});
