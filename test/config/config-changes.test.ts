import { expect, test } from 'vitest';
import { changeLine, configChanges } from '../../src/config/changes/config-changes.ts';
import { configDigest } from '../../src/config/changes/config-digest.ts';
import { shownKeys } from '../../src/config/changes/shown-keys.ts';
import { keyFacts } from '../../src/config/key.ts';
import { SECTIONS } from '../../src/config/sections/sections.ts';
import { AGENT_TOKEN, load, SMALLEST } from './config-fixture.ts';

const HOSTS = [
  { name: 'mac-1', base_url: 'http://10.0.0.1:8011/v1', token: AGENT_TOKEN },
  { name: 'mac-2', base_url: 'http://10.0.0.2:8011/v1', token: AGENT_TOKEN, max_concurrent_vms: 1 },
];
const FULL = {
  ...SMALLEST,
  hosts: HOSTS,
  store: { path: '/var/lib/jeballto-runner' },
  labels: { ...SMALLEST.labels, 'big one': { image: 'ghcr.io/acme/big:1', memory: '12GB' } },
};
const of = (content: object) => load(content).config;
const lines = (before: object, after: object) => configChanges(of(before), of(after)).map(changeLine);

test('a config has no difference from itself, whatever the order and the form of its file', () => {
  const turned = { store: FULL.store, hosts: [...HOSTS].reverse(), labels: FULL.labels, github: FULL.github };
  expect(lines(FULL, turned)).toEqual([]);
  expect(configDigest(of(turned))).toBe(configDigest(of(FULL)));
  expect(lines(FULL, { ...FULL, controller: { gc_interval: '1m' } })).toEqual([]);
});

test('each change is told with its key as it is written, and no secret is told', () => {
  const after = {
    ...FULL,
    github: { ...FULL.github, token: 'ghp_another', webhook_secret: 'hush-hush' },
    hosts: [{ ...HOSTS[0], base_url: 'http://10.0.0.9:8011/v1' }],
    controller: { poll_interval: '90s', webhook_listen: '[::1]:9090' },
    labels: { ...FULL.labels, 'big one': { image: 'ghcr.io/acme/big:2', memory: '16GB' } },
  };
  expect(lines(FULL, after)).toEqual([
    'github.token: changed',
    'github.webhook_secret: changed',
    'hosts.mac-1.base_url: http://10.0.0.1:8011/v1 → http://10.0.0.9:8011/v1',
    'controller.poll_interval: 10s → 1m30s',
    'controller.webhook_listen: 0.0.0.0:9090 → [::1]:9090',
    'labels["big one"].image: ghcr.io/acme/big:1 → ghcr.io/acme/big:2',
    'labels["big one"].memory: 12GB → 16GB',
    'hosts.mac-2: removed',
  ]);
  expect(lines(after, FULL)).toContain('hosts.mac-2: added');
});

test('the order of labels is a change, since a job gets the first one that matches it', () => {
  const turned = { ...FULL, labels: Object.fromEntries(Object.entries(FULL.labels).reverse()) };
  expect(lines(FULL, turned)).toEqual(['labels: jeballto-macos, big one → big one, jeballto-macos']);
  expect(configDigest(of(turned))).not.toBe(configDigest(of(FULL)));
});

test('the digest follows every key but secrets', () => {
  const secret = { ...FULL, github: { ...FULL.github, token: 'ghp_another' } };
  expect(configDigest(of(secret))).toBe(configDigest(of(FULL)));
  expect(configDigest(of({ ...FULL, controller: { gc_interval: '61s' } }))).not.toBe(configDigest(of(FULL)));
});

test('a config is shown without secrets, and a command without its arguments', () => {
  const [host] = HOSTS;
  const command = { ...host, token: undefined, token_command: ['op', 'read', 'my-secret'] };
  const shown = shownKeys(of({ ...FULL, hosts: [command] }));
  expect(shown).toContainEqual({ key: 'github.token', value: '(secret)' });
  expect(shown).toContainEqual({ key: 'hosts.mac-1.token_command', value: 'op …' });
  expect(shown).toContainEqual({ key: 'controller.gc_interval', value: '1m' });
  expect(JSON.stringify(shown)).not.toMatch(/ghp_smallest|my-secret/);
});

test('store, listeners, names and the scope of runners need a restart, and nothing else does', () => {
  const marked = Object.entries(SECTIONS).flatMap(([section, { keys }]) =>
    Object.entries(keys).flatMap(([key, schema]) =>
      keyFacts.get(schema)?.needsRestart ? [`${section}.${key}`] : [],
    ),
  );
  expect(marked).toEqual([
    ...['controller.id', 'controller.webhook_listen', 'controller.vm_name_prefix', 'runner.scope'],
    ...['store.path', 'store.url', 'store.lease', 'store.retention', 'admin.listen', 'log.format'],
  ]);
  const before = of(FULL);
  const needed = (change: (config: typeof before) => unknown) => {
    const changed = structuredClone(before);
    change(changed);
    return configChanges(before, changed).map(({ key, needsRestart }) => [key, needsRestart === true]);
  };
  expect(needed(({ controller }) => Object.assign(controller, { id: 'b' }))).toEqual([
    ['controller.id', true],
  ]);
  expect(needed(({ runner }) => Object.assign(runner, { scope: 'organization' }))).toEqual([
    ['runner.scope', true],
  ]);
  expect(needed(({ controller }) => Object.assign(controller, { mode: 'both' }))).toEqual([
    ['controller.mode', false],
  ]);
});
