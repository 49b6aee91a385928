import { expect, test } from 'vitest';
import { problemLine } from '../../src/config/config-error.ts';
import { load, SMALLEST, temporaryFolder } from './config-fixture.ts';

const image = { image: 'ghcr.io/acme/mac' };

const warningsOf = (content: object) =>
  load({ ...SMALLEST, ...content }).warnings.map(({ path, message }) => `${path}: ${message}`);

test('a usual configuration has no warning', () => {
  expect(warningsOf({})).toEqual([]);
});

test('webhooks without a secret are warned of', () => {
  expect(warningsOf({ controller: { mode: 'both' } })).toEqual([
    'github.webhook_secret: is missing, so every webhook delivery is refused and only polling finds jobs: set it here and in the webhook at GitHub, or set controller.mode to poll.',
  ]);
  expect(warningsOf({ controller: { mode: 'webhook' } })).toEqual([
    expect.stringContaining('no job is found'),
  ]);
});

test.each([
  'macos-latest',
  'macOS-15',
  'macos-15-xlarge',
  'macos-26-intel',
  'ubuntu-24.04-arm',
  'windows-2025',
])("the profile %s, a label of GitHub's own runners, is warned of", (label) => {
  expect(warningsOf({ labels: { [label]: image } })).toEqual([
    expect.stringContaining("is a label of GitHub's own runners: "),
  ]);
});

test.each(['jeballto-macos', 'macos', 'macos-ci', 'my-macos-15', 'xcode26'])(
  '%s is a label of our own',
  (label) => {
    expect(warningsOf({ labels: { [label]: image } })).toEqual([]);
  },
);

test('a profile named like a label of every runner is warned of when there are other profiles', () => {
  expect(warningsOf({ labels: { macOS: image } })).toEqual([]);
  expect(warningsOf({ labels: { macOS: image, xcode26: image } })).toEqual([
    expect.stringContaining(
      'labels.macOS: is also in runner.labels, so the runners of every profile have it',
    ),
  ]);
});

test('"self-hosted" as a profile, and runners without the usual labels, are warned of', () => {
  expect(warningsOf({ labels: { 'Self-Hosted': image } })).toEqual([
    expect.stringContaining('labels.Self-Hosted: stands in the runs-on of jobs for any self-hosted runner'),
  ]);
  expect(warningsOf({ runner: { labels: [] } })).toEqual([
    expect.stringContaining('runner.labels: is empty, so a job that also asks for self-hosted'),
  ]);
});

test('a lifetime that is shorter than the way to a ready runner is warned of', () => {
  const labels = { mac: { ...image, lifetime_seconds: 1320 } };
  expect(warningsOf({ labels })).toEqual([
    'labels.mac.lifetime_seconds: is 1320, but until its runner is online a VM may need 1320 seconds (timeouts.ssh_ready, probing, jit_config and runner_online together). The agent powers a VM off when its lifetime is over, also during a job. Write that time plus the length of the longest job.',
  ]);
  expect(warningsOf({ labels, timeouts: { ssh_ready: '9m' } })).toEqual([]);
});

test('a GitHub token that goes over plain http to another machine is warned of', () => {
  const warningsAt = (api_url: string) => warningsOf({ github: { ...SMALLEST.github, api_url } });
  expect(warningsAt('http://github.example.com/api/v3')).toEqual([
    'github.api_url: uses plain http to another machine, so anyone on the network in between can read the GitHub token: use https.',
  ]);
  expect(warningsAt('http://127.0.0.1:8099')).toEqual([]);
  expect(warningsAt('http://[::1]:8099')).toEqual([]);
});

test('a runner group is warned of where runners belong to a repository', () => {
  expect(warningsOf({ runner: { group: 'macs' } })).toEqual([
    expect.stringMatching(/^runner\.group: has no effect/),
  ]);
  expect(warningsOf({ runner: { group: 'macs', scope: 'organization' } })).toEqual([]);
});

test('warnings say where they come from, as problems do', () => {
  const folder = temporaryFolder();
  const { warnings } = load(
    'github: {token: t, owner: acme, repository: app}\nlabels:\n  macos-15:\n    image: ghcr.io/acme/mac\n',
    {},
    folder,
  );
  expect(warnings.map(problemLine)).toEqual([
    expect.stringContaining(`${folder}/config.yaml:3: labels.macos-15: is a label of GitHub's own runners`),
  ]);
});
