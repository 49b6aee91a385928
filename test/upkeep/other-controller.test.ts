import { expect, test, vi } from 'vitest';
import { jobPolicy } from '../../src/jobs/job-policy.ts';
import { addForeignVm } from '../../src/simulator/agent/control.ts';
import { newPower } from '../../src/simulator/agent/vms/power.ts';
import { OtherController } from '../../src/upkeep/other-controller.ts';
import { effectFixture, OWNER, REPOSITORY } from '../effects/effect-fixture.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The controller `t`, whose daemon does not run. */
async function gone() {
  const at = await effectFixture({ timeouts: { retire_window: '1s' } });
  const place = { owner: OWNER, repository: REPOSITORY };
  const policy = jobPolicy(at.config);
  const controller = new OtherController({
    world: at.world,
    policy,
    namePrefix: policy.namePrefix,
    clock: at.clock,
    hosts: [at.host],
    scopes: [{ kind: 'repository', ...place }],
    repositories: [place],
    profileFor: () => null,
  });
  const remove = async () => {
    const { removals, unseen } = await controller.remove(() => undefined);
    return { unseen, told: removals.map(({ step, why }) => [step.name, why]) };
  };
  const stopped = (name: string) => addForeignVm(at.mac.world, { name, state: 'stopped' });
  const names = () => [...at.mac.world.vms.values()].map(({ name }) => name);
  return { ...at, controller, names, remove, stopped };
}

test('VMs and runners that are newer than the list are not touched: the daemon that made them may run', async () => {
  const at = await gone();
  at.stopped('gh-t-7-1');
  await at.controller.look();
  at.stopped('gh-t-8-1');
  const { told } = await at.remove();
  expect(told).toEqual([
    ['gh-t-7-1', null],
    ['gh-t-8-1', 'it came after the list was made: check whether a daemon with this id still runs'],
  ]);
  expect(at.names()).toEqual(['gh-t-8-1']);
});

test.each([
  ['is asked', true, /SSH|address/],
  [
    'is left where the list still has it as stopped',
    false,
    /came into use after the list was made: it is running/,
  ],
])('law 5: a VM that was started after the list %s, not deleted', async (_what, isListed, why) => {
  const at = await gone();
  const vm = at.stopped('gh-t-7-1');
  await at.controller.look();
  vm.state = 'running';
  if (isListed) vm.persisted = [];
  vm.power = newPower(at.mac.world, { natMs: 'never', sshdMs: 'never' }, null);
  const deletes = at.counted('DELETE /vms/:id');
  at.mac.faults.add({ route: 'POST /vms/:id/ssh', status: 409, code: 'SSH_ENABLE_FAILED' });
  const { told } = await at.remove();
  expect(told).toEqual([['gh-t-7-1', expect.stringMatching(why)]]);
  expect([deletes.hits, at.names()]).toEqual([0, ['gh-t-7-1']]);
});

test('what ended by itself is reported as gone, and as unknown on a host that cannot be asked', async () => {
  const at = await gone();
  const vm = at.stopped('gh-t-7-1');
  await at.controller.look();
  at.mac.world.vms.delete(vm.id);
  expect(await at.remove()).toEqual({ unseen: [], told: [['gh-t-7-1', null]] });
  at.stopped('gh-t-8-1');
  await at.controller.look();
  at.mac.faults.add({ route: 'GET /vms', drop: 'before' });
  const { told, unseen } = await at.remove();
  expect(told).toEqual([['gh-t-8-1', expect.stringContaining(at.host)]]);
  expect(unseen).toEqual([{ where: at.host, why: told[0]?.[1] }]);
});

test('a VM that cannot be deleted is reported with the reason, and the others are deleted', async () => {
  const at = await gone();
  const stuck = at.stopped('gh-t-7-1');
  at.stopped('gh-t-8-1');
  await at.controller.look();
  at.mac.faults.add({
    route: `DELETE /vms/${stuck.id}`,
    status: 500,
    code: 'DELETE_FAILED',
    message: 'no disk',
  });
  const { told } = await at.remove();
  expect(new Map(told as [string, string | null][])).toEqual(
    new Map([
      ['gh-t-7-1', expect.stringContaining('no disk')],
      ['gh-t-8-1', null],
    ]),
  );
});
