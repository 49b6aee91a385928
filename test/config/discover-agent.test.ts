import { expect, test } from 'vitest';
import { discoverAgent } from '../../src/config/sources/discover-agent.ts';
import { AGENT_TOKEN, load, SMALLEST, temporaryFolder, writeIn } from './config-fixture.ts';

const NAME = 'Library/Application Support/Jeballto/config.json';

function homeWithAgent(content: unknown): string {
  const home = temporaryFolder();
  writeIn(home, NAME, typeof content === 'string' ? content : JSON.stringify(content));
  return home;
}

test('no agent is found on a machine without one', () => {
  expect(discoverAgent(temporaryFolder())).toBeNull();
});

test.each([
  [{ host: '0.0.0.0', port: 8011 }, 'http://127.0.0.1:8011/v1'],
  [{ host: '::', port: 8012 }, 'http://[::1]:8012/v1'],
  [{ host: 'localhost', port: 8011 }, 'http://127.0.0.1:8011/v1'],
  [{ host: '192.0.2.7', port: 80 }, 'http://192.0.2.7:80/v1'],
  [{ port: 9000 }, 'http://127.0.0.1:9000/v1'],
])('an agent that listens on %j is called at %s', (api, url) => {
  expect(discoverAgent(homeWithAgent({ api, logging: {} }))?.baseUrl).toBe(url);
});

test.each(['{', '[]', { api: { port: 'x' } }, { api: { host: 'a b', port: 1 } }, {}])(
  'an agent file of another form gives no address: %j',
  (content) => {
    expect(discoverAgent(homeWithAgent(content))?.baseUrl).toBeNull();
  },
);

test('the address is taken from the agent file when the config gives none, but never the token', () => {
  const home = homeWithAgent({ api: { host: '0.0.0.0', port: 8020, token: AGENT_TOKEN } });
  expect(load(SMALLEST, {}, home).config.hosts).toEqual([
    { name: 'local', base_url: 'http://127.0.0.1:8020/v1', max_concurrent_vms: 2 },
  ]);
});

test('an address in the config, in the environment or in hosts is used before the agent file’s', () => {
  const home = homeWithAgent({ api: { host: '0.0.0.0', port: 8020 } });
  const base_url = 'http://192.0.2.1:8011/v1';
  const urlOf = (content: object, env = {}) =>
    load({ ...SMALLEST, ...content }, env, home).config.hosts[0]?.base_url;
  expect(urlOf({ jeballto: { base_url } })).toBe(base_url);
  expect(urlOf({ hosts: [{ name: 'a', base_url }] })).toBe(base_url);
  expect(urlOf({}, { JEBALLTO_BASE_URL: base_url })).toBe(base_url);
});

test('an unusable agent file is warned of, and the usual address is assumed', () => {
  const home = homeWithAgent('{');
  const { config, warnings } = load(SMALLEST, {}, home);
  expect(config.hosts[0]?.base_url).toBe('http://127.0.0.1:8011/v1');
  expect(warnings).toEqual([
    {
      at: `${home}/${NAME}`,
      path: 'jeballto.base_url',
      message:
        "the agent's config file holds no usable api.host and api.port, so http://127.0.0.1:8011/v1 is used. Set jeballto.base_url if the agent is elsewhere.",
    },
  ]);
});
