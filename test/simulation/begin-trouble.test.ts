import { expect, test } from 'vitest';
import { slotsInUse } from '../../src/simulator/agent/vms/vm-state.ts';
import { pushWorkflow } from '../../src/simulator/github/jobs/runs.ts';
import { ensureRepository } from '../../src/simulator/github/repositories.ts';
import { beginTrouble } from './begin-trouble.ts';
import { CALM_SCENARIO } from './calm-scenario.ts';
import { APP, TOOL } from './plan-troubles.ts';
import { createWorld, IMAGE, type SimulatedWorld } from './simulated-world.ts';
import type { Trouble } from './trouble.ts';

const mac = ({ macs }: SimulatedWorld) => {
  const [one] = macs.values();
  if (!one) throw new Error('there is no Mac');
  return one;
};
const names = ({ github }: SimulatedWorld) => [...github.repositories.keys()];
const faults = ({ github, ...world }: SimulatedWorld) =>
  [github.faults, mac(world as SimulatedWorld).agent.faults].flatMap((plan) => plan.list()).length;

test.each<[what: Omit<Trouble, 'at' | 'lasts'>, look: (world: SimulatedWorld) => unknown, values: unknown[]]>(
  [
    [
      { what: 'repositoryRenamed', repository: APP, name: 'renamed' },
      names,
      [
        [APP, TOOL],
        [TOOL, 'acme/renamed'],
        [TOOL, 'acme/renamed'],
      ],
    ],
    [{ what: 'repositoryDeleted', repository: TOOL }, names, [[APP, TOOL], [APP], [APP]]],
    [
      { what: 'registrationForbidden', repository: TOOL, how: 'disabled' },
      ({ github }) => github.repositories.get(TOOL)?.allowsRunners,
      [true, false, true],
    ],
    [
      { what: 'registrationForbidden', repository: TOOL, how: 'archived' },
      ({ github }) => github.repositories.get(TOOL)?.isArchived,
      [false, true, false],
    ],
    [{ what: 'rightsTaken' }, ({ github }) => github.options.tokens === 'any', [true, false, true]],
    [{ what: 'jitForbidden' }, faults, [0, 1, 1]],
    [{ what: 'deletesFail', mac: 'mac-1', how: 'refused' }, faults, [0, 1, 1]],
    [
      { what: 'imageDenied', image: IMAGE, label: 'mac' },
      (world) => mac(world).agent.options.registry.denied,
      [[], [IMAGE], []],
    ],
    [{ what: 'slotHeldUnseen', mac: 'mac-1' }, (world) => slotsInUse(mac(world).agent), [0, 1, 0]],
    [{ what: 'macDead', mac: 'mac-1' }, (world) => mac(world).isUp, [true, false, true]],
    [{ what: 'nothingAssigned' }, ({ github }) => github.isAssigning, [true, false, true]],
    [
      { what: 'jobWithheld' },
      ({ github }) => [...github.queue].map(({ isWithheld }) => isWithheld),
      [
        [false, false],
        [true, false],
        [false, false],
      ],
    ],
  ] as [Omit<Trouble, 'at' | 'lasts'>, (world: SimulatedWorld) => unknown, unknown[]][],
)('%j begins and ends', async (what, look, values) => {
  const scenario = { ...CALM_SCENARIO, repositories: [APP, TOOL] };
  const world = createWorld(scenario, async () => ({ status: 202, body: '' }));
  const spec = { name: 'build', labels: ['mac'], group: null, needsApproval: false, steps: [] };
  for (let pushes = 0; pushes < 2; pushes += 1)
    pushWorkflow(world.github, ensureRepository(world.github, APP), { name: 'CI', jobs: [spec] });
  const seen = [look(world)];
  const { end } = beginTrouble(world, { at: 0, lasts: 1_000, ...what } as Trouble);
  seen.push(look(world));
  await end();
  seen.push(look(world));
  expect(seen).toEqual(values);
});
