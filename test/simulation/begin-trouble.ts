import type { BootPlan } from '../../src/simulator/agent/boot-plan.ts';
import { addForeignVm, removeForeignVm } from '../../src/simulator/agent/control.ts';
import { launch, shutDown } from '../../src/simulator/agent/launch.ts';
import { setAssigning, setWithheld } from '../../src/simulator/github/jobs/assignment.ts';
import { deleteRepository } from '../../src/simulator/github/jobs/delete-repository.ts';
import { renameRepository } from '../../src/simulator/github/repositories.ts';
import { GITHUB_TOKEN, IMAGE, type SimulatedWorld } from './simulated-world.ts';
import type { Trouble } from './trouble.ts';

/** A trouble that has begun: how to end it, and the job that it concerns, if it concerns one. */
export interface BegunTrouble {
  end(): unknown;
  jobId?: number;
}

/** The digest of the image that replaces a broken one. */
const CURED = `sha256:${'c'.repeat(64)}`;

const BOOTS: Record<(Trouble & { what: 'imageMoves' })['how'], BootPlan> = {
  refusesLogin: { refuseLogin: true },
  neverBoots: { sshdMs: 'never' },
  lacksRunner: { missingTools: ['run.sh'] },
  works: {},
};

const NOTHING: BegunTrouble = { end: () => undefined };

/** The rights that the token keeps: it may read everything, and change only webhooks. */
const READ_ONLY = {
  permissions: {
    actions: 'read',
    administration: 'read',
    organization_self_hosted_runners: 'read',
    repository_hooks: 'write',
  },
} as const;

/** Begins a trouble. When its object is already gone, nothing happens. */
export function beginTrouble(world: SimulatedWorld, trouble: Trouble): BegunTrouble {
  const { github } = world;
  const mac = 'mac' in trouble ? world.macs.get(trouble.mac) : undefined;
  const repository = 'repository' in trouble ? github.repositories.get(trouble.repository) : undefined;
  switch (trouble.what) {
    case 'repositoryRenamed':
      if (repository) renameRepository(github, repository, trouble.name);
      return NOTHING;
    case 'registrationForbidden': {
      if (!repository) return NOTHING;
      const set = (isForbidden: boolean) => {
        if (trouble.how === 'archived') repository.isArchived = isForbidden;
        else repository.allowsRunners = !isForbidden;
      };
      set(true);
      return { end: () => set(false) };
    }
    case 'repositoryDeleted':
      if (repository) deleteRepository(github, repository);
      return NOTHING;
    case 'rightsTaken':
      github.options.tokens = { [GITHUB_TOKEN]: READ_ONLY };
      return {
        end: () => {
          github.options.tokens = 'any';
        },
      };
    case 'jitForbidden': {
      const message = 'Resource not accessible by personal access token';
      const route = 'POST *generate-jitconfig';
      github.faults.add({ route, status: 403, message, untilMs: trouble.lasts });
      return NOTHING;
    }
    case 'imageDenied':
      for (const { agent } of world.macs.values()) agent.options.registry.denied = [trouble.image];
      return {
        end: () => {
          for (const { agent } of world.macs.values()) agent.options.registry.denied = [];
        },
      };
    case 'slotHeldUnseen': {
      if (!mac) return NOTHING;
      const { agent } = mac;
      const vm = addForeignVm(agent, { name: 'xcode-beta', state: 'error', hasRuntime: true });
      return { end: () => (agent.vms.get(vm.id) === vm ? removeForeignVm(agent, vm) : undefined) };
    }
    case 'deletesFail': {
      const untilMs = trouble.lasts;
      const fault =
        trouble.how === 'refused'
          ? { route: 'DELETE /vms/:id', status: 500, code: 'DELETE_FAILED', untilMs }
          : { route: 'mac delete *', code: 'DELETE_FAILED', untilMs };
      mac?.agent.faults.add(fault);
      return NOTHING;
    }
    case 'macDead': {
      if (!mac?.isUp) return NOTHING;
      mac.isUp = false;
      const down = shutDown(mac.agent, 'crash');
      return {
        end: async () => {
          await down;
          launch(mac.agent);
          mac.isUp = true;
        },
      };
    }
    case 'configReloaded':
      world.configEdits.add(trouble);
      return { end: () => world.configEdits.delete(trouble) };
    case 'imageMoves': {
      const move = (digest: string) => {
        for (const { agent } of world.macs.values()) agent.options.registry.images[IMAGE] = { digest };
      };
      for (const { agent } of world.macs.values())
        agent.options.registry.boots[trouble.digest] = BOOTS[trouble.how];
      move(trouble.digest);
      // Its maker builds it again; a good one stays.
      return trouble.how === 'works' ? NOTHING : { end: () => move(CURED) };
    }
    case 'nothingAssigned':
      setAssigning(github, false);
      return { end: () => setAssigning(github, true) };
    case 'jobWithheld': {
      const [job] = [...github.queue].filter(({ run }) => world.isServed(run.repository));
      if (!job) return NOTHING;
      setWithheld(github, job, true);
      return { end: () => setWithheld(github, job, false), jobId: job.id };
    }
  }
}
