import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFacts } from '../../src/config/key.ts';
import { SECTIONS } from '../../src/config/sections/sections.ts';
import { AGENT_TOKEN, APP_KEY, load, temporaryFolder, writeIn } from './config-fixture.ts';

const committed = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'configuration.md'), 'utf8');

test('every key has its facts, and its meaning is a sentence', () => {
  for (const [section, { keys }] of Object.entries(SECTIONS)) {
    for (const [key, schema] of Object.entries(keys)) {
      expect(keyFacts.get(schema)?.meaning, `${section}.${key}`).toMatch(/^[A-Z`].*\.$/);
    }
  }
});

test('every YAML example of the page loads', () => {
  const examples = [...committed.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
  expect(examples).toHaveLength(3);
  const [smallest = '', hosts = '', app = ''] = examples;
  const env = { GITHUB_TOKEN: 'ghp_1', JEBALLTO_TOKEN: AGENT_TOKEN, JEBALLTO_TOKEN_MAC_1: AGENT_TOKEN };
  const folder = temporaryFolder();
  writeIn(folder, '.jeballto/mac-2.token', AGENT_TOKEN);
  writeIn(folder, 'acme-runner.private-key.pem', APP_KEY);
  const without = (text: string, section: string) =>
    text.replace(new RegExp(`^${section}:\\n(?: .*\\n)+`, 'm'), '');

  expect(load(smallest, env, folder).warnings).toEqual([]);
  expect(load(without(smallest, 'jeballto') + hosts, env, folder).config.hosts).toHaveLength(2);
  expect(load(without(smallest, 'github') + app, env, folder).config.github.app_id).toBe(12345);
});

test('the smallest configuration of the README loads', () => {
  const readme = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  const [, smallest = ''] = /```json\n([\s\S]*?)```/.exec(readme) ?? [];
  const env = { GITHUB_TOKEN: 'ghp_1', JEBALLTO_TOKEN: AGENT_TOKEN };
  expect(load(smallest, env, temporaryFolder()).warnings).toEqual([]);
});
