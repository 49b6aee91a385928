import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../../src/cli/simulation/free-port.ts';
import { soon } from '../support/soon.ts';
import { runCli, startCli } from './cli-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'jeballto-world-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

test('a simulated world replaces the Macs and GitHub of a config: check passes, and start serves a job', async () => {
  const path = file(
    'config.yaml',
    `github:
  app_id: 7
  installation_id: 8
  app_private_key_path: /no/such/key.pem
  owner: acme
  repositories: [app, web]
  webhook_secret: \${NOT_SET_HERE}
hosts:
  - { name: studio, base_url: "http://192.0.2.1:8011/v1", token_file: /no/such/token }
  - { name: mini, base_url: "http://192.0.2.2:8011/v1", token: "\${NOT_SET_EITHER}", max_concurrent_vms: 1 }
controller:
  mode: both
  poll_interval: 1s
  webhook_listen: 127.0.0.1:${await freePort(Math.random)}
admin:
  listen: 127.0.0.1:${await freePort(Math.random)}
runner: { scope: organization, group: Macs, ssh_user: ci, ssh_private_key_path: /no/such/id }
labels:
  my-macos: { image: "ghcr.io/acme/macos:15" }
`,
  );
  const world = startCli(['simulate', 'world', '--for', path]);
  await soon(() => expect(world.stderr()).toContain('Ctrl-C'));
  const config = JSON.parse(world.stdout());
  expect(config).toMatchObject({
    github: { owner: 'acme', repositories: ['app', 'web'] },
    hosts: [{ name: 'studio' }, { name: 'mini', max_concurrent_vms: 1 }],
    runner: { scope: 'organization', group: 'Macs', ssh_user: 'ci' },
    labels: { 'my-macos': { image: 'ghcr.io/acme/macos:15' } },
  });
  expect(world.stderr()).toContain('github.app_private_key_path');
  const simulated = file('simulated.json', world.stdout());

  const checked = await runCli(['check', '--config', simulated]);
  expect(checked).toMatchObject({ code: 0, stderr: '' });

  const daemon = startCli(['start', '--config', simulated]);
  await soon(() => expect(daemon.stdout()).toContain('is ready'));
  const [, url, body] = /curl (\S+\/_sim\/workflows) -d '(.*)'/.exec(world.stderr()) ?? [];
  expect(JSON.parse(body ?? '')).toMatchObject({ repository: 'acme/app', jobs: [{ labels: ['my-macos'] }] });
  await fetch(url ?? '', { method: 'POST', body: body ?? '' });
  await soon(() => expect(daemon.stdout()).toContain('"state":"done"'));
  daemon.child.kill('SIGTERM');
  expect(await daemon.ended).toBe(0);
  world.child.kill('SIGTERM');
  expect(await world.ended).toBe(0);
});

test('a config that cannot be used is refused with the command that says why, and no file is left behind', async () => {
  const { code, stderr } = await runCli(['simulate', 'world', '--for', file('bad.json', '{"github": {}}')]);
  expect({ code, stderr }).toEqual({
    code: 64,
    stderr: expect.stringMatching(/bad\.json is not a valid configuration: "jeballto-runner check --config /),
  });
});

test('faults may be given as the list itself', async () => {
  const cli = startCli([
    'simulate',
    'agent',
    '--port',
    '0',
    '--faults',
    '[{"route": "GET /health", "status": 503}]',
  ]);
  await soon(() => expect(cli.stderr()).toContain('Ctrl-C'));
  expect((await fetch(`${cli.stdout().trim()}/health`)).status).toBe(503);
  cli.child.kill('SIGINT');
  expect(await cli.ended).toBe(0);
});
