import { expect, test, vi } from 'vitest';
import type { Readiness } from '../../src/http/admin/api/api-routes.ts';
import { conclusions, type Scenario, scenario } from './scenario.ts';

vi.setConfig({ testTimeout: 120_000 });

async function readyz({ adminUrl }: Scenario) {
  const answer = await fetch(`${adminUrl}/readyz`);
  const told = (await answer.json()) as Readiness;
  return { status: answer.status, ...told, scopes: told.scopes ?? [] };
}

/** Waits until `/readyz` has this status and names these scopes, each as `what name`. */
const says = (world: Scenario, status: number, ...scopes: string[]) =>
  world.until(async () => {
    const told = await readyz(world);
    const named = told.scopes.map(({ what, name }) => `${what} ${name}`.trim());
    expect([told.status, named]).toEqual([status, scopes]);
    return told;
  });

const age = async ({ adminUrl }: Scenario, what: string, name: string) => {
  const figures = await (await fetch(`${adminUrl}/metrics`)).text();
  const label = `{what="${what}",name="${name}"}`;
  const line = figures
    .split('\n')
    .find((one) => one.startsWith(`jeballto_runner_last_success_age_seconds${label} `));
  return Number(line?.split(' ').at(-1));
};

test('law 15: without its only host the daemon is not ready, and is ready again with it', async () => {
  await using world = await scenario();
  await world.start();
  await says(world, 200);
  const [name] = (await hostNames(world)) as [string];
  world.mac.faults.add({ route: 'GET *', drop: 'before' });
  const told = await says(world, 503, 'hosts', `host ${name}`);
  expect(told.reasons).toEqual([expect.stringMatching(/^No host takes jobs: .* has not answered for \d/)]);
  expect(await age(world, 'host', name)).toBeGreaterThan(9);
  world.mac.faults.clear();
  await says(world, 200);
  expect(await age(world, 'host', name)).toBeLessThan(9);
  const jobs = world.push();
  await world.isClean();
  expect(conclusions(jobs)).toEqual(['success']);
});

test('law 15: a GitHub that never responds is reported with the age of the last successful look', async () => {
  await using world = await scenario();
  await world.start();
  await says(world, 200);
  const first = world.push();
  await world.isClean();
  const look = `the runs of ${first[0]?.run.repository.fullName}`;
  world.github.faults.add({ route: 'GET */actions/runs', hang: true });
  // Webhooks arrived just before, so jobs are still served. The same cycle reads active jobs.
  const told = await says(world, 200, `polling ${look}`, 'polling active jobs');
  expect(told).toMatchObject({ ready: true, degraded: true, reasons: [] });
  expect(told.scopes[0]?.sentence).toMatch(/were last read at GitHub \d+(\.\d)? s ago/);
  expect(await age(world, 'polling', look)).toBeGreaterThan(9);
  const jobs = world.push();
  await world.until(() => jobs[0]?.state.status === 'completed');
  expect(conclusions([...first, ...jobs])).toEqual(['success', 'success']);
});

test('law 15: when only such looks bring jobs, the daemon is not ready', async () => {
  await using world = await scenario({ hook: false, config: { controller: { mode: 'poll' } } });
  await world.start();
  await says(world, 200);
  world.github.faults.add({ route: 'GET */actions/runs', hang: true });
  const told = await says(world, 503, 'polling the runs of acme/app', 'polling active jobs');
  expect(told.reasons).toHaveLength(1);
});

async function hostNames({ adminUrl }: Scenario): Promise<string[]> {
  const { hosts } = (await (await fetch(`${adminUrl}/api/hosts`)).json()) as { hosts: { name: string }[] };
  return hosts.map(({ name }) => name);
}
