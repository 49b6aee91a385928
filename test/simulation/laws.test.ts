import { describe, expect, test } from 'vitest';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { createVm } from '../../src/simulator/agent/vms/creation.ts';
import { startVm } from '../../src/simulator/agent/vms/power.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { addRunner } from '../../src/simulator/github/runners/runners.ts';
import { settled } from '../support/manual-clock.ts';
import { BreakerLaw, LONGEST_TRIAL } from './breaker-law.ts';
import type { Write } from './committed.ts';
import { leftovers } from './final-laws.ts';
import { NAME, newWorld, record } from './laws-world.ts';
import { checkAgentRequest, checkGitHubRequest, checkLaunch } from './request-laws.ts';
import type { Mac, SimulatedWorld } from './simulated-world.ts';

// A law that cannot be broken proves nothing: each one gets a breach here.

async function runningVm(world: SimulatedWorld, mac: Mac) {
  const life = mac.agent.life.end.signal;
  const request = { name: NAME, image: 'ghcr.io/a/b:c', resources: {}, namesResources: false };
  const made = createVm(mac.agent, { ...request, ephemeral: true, lifetimeSeconds: null }, life);
  const vm = await world.clock.finish(made);
  await world.clock.finish(startVm(mac.agent, vm.id, life));
  return vm;
}

describe('law 1 is broken by', () => {
  test('a create, a registration and a launch that no record orders', () => {
    const { world, mac, broken } = newWorld();
    checkAgentRequest(world, mac, 'POST', '/vms', JSON.stringify({ name: NAME }));
    checkGitHubRequest(
      world,
      'POST',
      '/r/actions/runners/generate-jitconfig',
      JSON.stringify({ name: NAME }),
    );
    checkLaunch(world, NAME);
    expect(broken()).toEqual(Array(3).fill('law 1: no effect before its record'));
  });

  test('nothing, when records order them', () => {
    const { world, mac, commit, broken } = newWorld();
    commit(record('1', { vm: NAME, runner: NAME }));
    checkAgentRequest(world, mac, 'POST', '/vms', JSON.stringify({ name: NAME }));
    checkGitHubRequest(
      world,
      'POST',
      '/r/actions/runners/generate-jitconfig',
      JSON.stringify({ name: NAME }),
    );
    checkLaunch(world, NAME);
    expect(broken()).toEqual([]);
  });
});

describe('law 2 is broken by', () => {
  test('a second VM of one name', async () => {
    const { world, mac, commit, broken } = newWorld();
    commit(record('1', { vm: NAME }));
    await runningVm(world, mac);
    checkAgentRequest(world, mac, 'POST', '/vms', JSON.stringify({ name: NAME }));
    expect(broken()).toEqual(['law 2: observe, then act']);
  });

  test('a name that is given twice', () => {
    const { commit, broken } = newWorld();
    commit(record('1', { vm: NAME }));
    commit({ type: 'del', key: '!actors!1' });
    commit(record('1', { vm: NAME }));
    expect(broken()).toEqual(['law 2: names are never reused']);
  });
});

test('law 3 is broken by a stranger’s VM or runner that is touched', () => {
  const { world, mac, broken } = newWorld();
  const vm = addForeignVm(mac.agent, { name: 'gh-other-51300000001-1' });
  checkAgentRequest(world, mac, 'DELETE', `/vms/${vm.id}?force=true`, null);
  const scope = { kind: 'repository', repository: ensureRepository(world.github, 'acme/app') } as const;
  const kind = { groupId: 1, labels: [], ephemeral: true, isJit: true, workFolder: '_work' };
  const { id } = addRunner(world.github, { ...kind, scope, name: 'gh-default-x-51300000001-1' });
  checkGitHubRequest(world, 'DELETE', `/repos/acme/app/actions/runners/${id}`, null);
  expect(broken()).toEqual(Array(2).fill('law 3: names carry ownership'));
});

test.each([
  ['law 5: no busy runner is ever killed', Number.POSITIVE_INFINITY],
  ['law 13: no VM is killed for its age before its guest was asked', -60_000],
])('%s is broken by the deletion of a VM in which a job runs', async (law, lifetimeLeft) => {
  const { world, mac, broken } = newWorld();
  const { github } = world;
  const vm = await runningVm(world, mac);
  const repository = ensureRepository(github, 'acme/app');
  const scope = { kind: 'repository', repository } as const;
  const labels = [{ id: 1, name: 'mac', type: 'custom' as const }];
  const kind = { groupId: 1, ephemeral: true, isJit: true, workFolder: '_work' };
  const runner = addRunner(github, { ...kind, labels, scope, name: NAME });
  mac.memory.guestOf(NAME)?.launch(NAME, runner);
  const steps = [{ name: 'work', run: '60000 success' }];
  const spec = { name: 'build', labels: ['mac'], group: null, needsApproval: false, steps };
  pushWorkflow(github, repository, { name: 'CI', jobs: [spec] });
  for (await settled(); github.leases.size === 0; await settled()) world.clock.step();
  vm.expiresAt = lifetimeLeft === Number.POSITIVE_INFINITY ? null : mac.agent.clock.now() + lifetimeLeft;
  checkAgentRequest(world, mac, 'DELETE', `/vms/${vm.id}?force=true`, null);
  expect(broken()).toEqual([law]);
});

test('law 6 is broken by a status that goes back', () => {
  const { commit, broken } = newWorld();
  commit(record('1', { job: { status: 'completed' } }));
  commit(record('1', { job: { status: 'queued' } }));
  expect(broken()).toEqual(['law 6: a status only moves forward']);
});

test('law 7 is broken by a secret in a record or in the log', () => {
  const { world, commit, laws, broken } = newWorld();
  world.secrets.add('the-jit-config');
  commit(record('1', { vm: 'the-jit-config' }));
  laws.checkSecrets('the log', 'it is the-jit-config');
  expect(broken()).toEqual(Array(2).fill('law 7: secrets are in memory only'));
});

test('law 8 is broken by a later deadline after a restart', () => {
  const { commit, laws, broken } = newWorld();
  commit(record('1', { vm: NAME }));
  laws.beginLife();
  commit(record('1', { vm: NAME, phase: { deadlineAt: 11 } }));
  expect(broken()).toEqual(['law 8: a restart extends no deadline']);
});

test('law 10 is broken by a record in quarantine and by a failure without a name', () => {
  const { commit, broken } = newWorld();
  commit({ type: 'put', key: '!quarantine!1#1', value: '{}' });
  commit({ type: 'put', key: '!journal!1', value: '{"detail":{"code":"UNEXPECTED"}}' });
  expect(broken()).toEqual(Array(2).fill('law 10: nothing fails silently'));
});

test('one owner: two records that name one VM break it', () => {
  const { commit, broken } = newWorld();
  commit(record('1', { vm: NAME }), record('2', { vm: NAME, job: { id: 2 } }));
  expect(broken()).toContain('one owner');
});

const breaker = (at: number, name: string, to: string): Write => ({
  type: 'put',
  key: `!journal!${at}`,
  value: JSON.stringify({ kind: 'breaker', at, actor: `breaker:${name}`, to }),
});

test('a breaker that nobody tries again is noticed, and one that waits for somebody to try it is not', async () => {
  const { world, commit, broken } = newWorld();
  const law = new BreakerLaw();
  commit(breaker(world.clock.now(), 'host mac-1', 'open'));
  commit(breaker(world.clock.now() + 1, 'profile mac', 'halfOpen.ready'));
  law.look(world, false);
  await world.clock.finish(world.clock.sleepUntil(world.clock.now() + LONGEST_TRIAL));
  law.look(world, false);
  expect(broken()).toEqual([]);
  await world.clock.finish(world.clock.sleepUntil(world.clock.now() + 1));
  law.look(world, false);
  expect(broken()).toEqual(['what failed is tried again']);
});

test('a breaker that is closed, or that a new life of the daemon forgot, keeps no job waiting', () => {
  const { world, commit } = newWorld();
  commit(breaker(1, 'host mac-1', 'open'), breaker(2, 'host mac-1', 'closed'));
  commit(breaker(3, 'profile mac', 'halfOpen.trying'));
  expect([...world.committed.breakers.keys()]).toEqual(['profile mac']);
  commit({
    type: 'put',
    key: '!journal!4',
    value: JSON.stringify({ kind: 'daemon', actor: 'daemon', to: 'up' }),
  });
  expect(world.committed.breakers.size).toBe(0);
});

test('what is left at the end is named: records, VMs, runners, jobs', async () => {
  const { world, mac, commit } = newWorld();
  expect(leftovers(world)).toEqual([]);
  const repository = ensureRepository(world.github, 'acme/app');
  commit(record('1', { vm: NAME }));
  await runningVm(world, mac);
  const kind = { groupId: 1, labels: [], ephemeral: true, isJit: true, workFolder: '_work' };
  addRunner(world.github, { ...kind, scope: { kind: 'repository', repository }, name: NAME });
  const spec = { name: 'build', labels: ['mac'], group: null, needsApproval: false, steps: [] };
  pushWorkflow(world.github, repository, { name: 'CI', jobs: [spec] });
  expect(leftovers(world).map((what) => what.split(':')[0])).toEqual([
    'law 9',
    'nothing of ours is left',
    'nothing of ours is left',
    'every job is served',
  ]);
});
