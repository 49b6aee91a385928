import { expect, test } from 'vitest';
import { SIMULATED_AGENT_TOKEN } from '../../src/cli/simulation/world-config.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { soon } from '../support/soon.ts';
import { patient } from './check-patient.ts';

test('a host that does not respond is a finding with its address', async () => {
  await using ill = await patient((config) => {
    config.hosts = [{ name: 'mac-1', base_url: 'http://127.0.0.1:9/v1', token: SIMULATED_AGENT_TOKEN }];
  });
  const { code, wrong } = await ill.examine();
  expect(code).toBe(1);
  expect(wrong).toEqual([expect.stringMatching(/host mac-1 .*127\.0\.0\.1:9/)]);
});

test('a server that is not an agent is a finding that says so', async () => {
  await using ill = await patient((config) => {
    config.hosts = config.hosts.map((host) => ({ ...host, base_url: `${config.github.api_url}/v1` }));
  });
  expect((await ill.examine()).wrong).toEqual([
    expect.stringMatching(/✗ host mac-1 .*\/v1 is not a Jeballto Agent: correct base_url/),
  ]);
});

test('a token that the agent refuses, and a missing one, are findings that say where to copy it', async () => {
  await using refused = await patient((config) => {
    config.hosts = config.hosts.map((host) => ({ ...host, token: 'x'.repeat(36) }));
  });
  expect((await refused.examine()).wrong).toEqual([expect.stringMatching(/menu/)]);
  await using missing = await patient((config) => {
    config.hosts = config.hosts.map(({ token: _, ...host }) => host as (typeof config.hosts)[0]);
  });
  const { lines, wrong } = await missing.examine();
  expect(wrong).toEqual([expect.stringMatching(/Copy API Token/)]);
  expect(lines.join('\n')).toMatch(/✓ host mac-1 .*answers at/);
});

test('a missing capability is named, with the reason that the host gives', async () => {
  await using ill = await patient();
  (ill.mac.world.options as { unavailableFeatures: readonly string[] }).unavailableFeatures = [
    'natNetworking',
  ];
  expect((await ill.examine()).wrong).toEqual([expect.stringMatching(/natNetworking/)]);
});

test('foreign VMs in the slots of a host and images that it lacks are notes', async () => {
  await using well = await patient();
  addForeignVm(well.mac.world, { name: 'my own macOS' });
  const { code, lines } = await well.examine();
  expect(code).toBe(0);
  expect(lines).toContain('! host mac-1  1 VM that is not of this daemon uses a slot: my own macOS.');
  expect(lines.filter((line) => /is not on the Mac yet/.test(line))).toHaveLength(1);
});

test('a token without the right to register runners, and one that GitHub refuses, are findings', async () => {
  await using ill = await patient();
  const options = ill.world.github.world.options as { tokens: unknown };
  options.tokens = { 'simulated-github-token': { permissions: { actions: 'read' } } };
  expect((await ill.examine()).wrong).toContainEqual(
    expect.stringMatching(/✗ github .*read the runners of acme\/app/),
  );
  options.tokens = {};
  expect((await ill.examine()).wrong).toContainEqual(expect.stringMatching(/✗ github .*github\.token/));
});

test('the proxy and the CAs of the environment are named, and an unusable proxy is a finding', async () => {
  await using well = await patient();
  const proxy = 'http://user:hidden@127.0.0.1:9';
  const { lines, wrong } = await well.examine({ HTTP_PROXY: proxy, NODE_EXTRA_CA_CERTS: '/no/such/ca.pem' });
  expect(lines).toContain(
    '✓ github      GitHub is reached through the proxy http://127.0.0.1:9 (HTTP_PROXY); agents are called directly.',
  );
  expect(wrong).toContainEqual(expect.stringMatching(/NODE_EXTRA_CA_CERTS names \/no\/such\/ca\.pem/));
  expect(wrong).toContainEqual(expect.stringMatching(/the proxy http:\/\/127\.0\.0\.1:9 of HTTP_PROXY/));
  expect(wrong.filter((line) => line.includes('host mac-1'))).toEqual([]);
  expect(lines.join()).not.toContain('hidden');
  const excluded = await well.examine({ HTTP_PROXY: proxy, NO_PROXY: '127.0.0.1' });
  expect(excluded).toMatchObject({ code: 0, wrong: [] });
  const unusable = await well.examine({ HTTP_PROXY: 'socks5://127.0.0.1:9' });
  expect(unusable.wrong).toEqual([expect.stringMatching(/HTTP_PROXY: is not the address of a proxy/)]);
});

test('text from GitHub or an agent cannot send control characters to the terminal', async () => {
  await using ill = await patient();
  ill.world.github.faults.add({
    route: 'GET */actions/runs',
    status: 403,
    message: 'no\u001b]0;title\u0007',
  });
  ill.mac.faults.add({ route: 'GET /system/capabilities', status: 500, message: 'no\u001b[2J' });
  const { wrong } = await ill.examine();
  expect(wrong).toHaveLength(2);
  expect(wrong.join('')).not.toMatch(/\p{Cc}/u);
});

test('a runner group that the organization lacks is a finding, with the groups that exist', async () => {
  await using ill = await patient((config) => {
    config.runner = { ...config.runner, scope: 'organization', group: 'Macs' } as typeof config.runner;
  });
  expect((await ill.examine()).wrong).toEqual([expect.stringMatching(/no runner group "Macs".*Default/)]);
});

test('a GitHub that does not respond is one finding, and is named while check waits for it', async () => {
  await using ill = await patient();
  ill.world.github.faults.add({ route: '*', hang: true });
  const clock = new ManualClock(Date.now());
  const examined = ill.examine({}, clock);
  const patience = () => clock.alarms.filter((at) => at - clock.now() <= 2_000);
  await soon(() => expect([patience().length, clock.alarms.length]).toEqual([1, 2]));
  await soon(() => expect(ill.lines().join()).toContain('✓ host mac-1  It accepts the token.'));
  await clock.advance(2_000);
  expect(ill.errors()).toEqual([`Waiting for GitHub at ${ill.world.github.url} …`]);
  await clock.advance(30_000);
  const { wrong } = await examined;
  expect(wrong).toEqual([expect.stringMatching(/✗ github .*no answer in time/)]);
});
