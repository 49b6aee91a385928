import pMap from 'p-map';
import { NO_JOB, type Runner, type RunnerScope, type Vm } from '../../machines/job/context.ts';
import type { JobEvent } from '../../machines/job/events.ts';
import type { JobObservation } from '../../machines/job/observation.ts';
import { parseResourceName } from '../../machines/resource-name.ts';
import type { EffectWorld } from '../effects/effect-world.ts';
import { NUMBERS_FOR_A_VM } from '../jobs/reserve-numbers.ts';
import type { CollectionStep } from './plan-collection.ts';

export interface StrayOptions {
  world: EffectWorld;
  namePrefix: string;
  scopes: readonly RunnerScope[];
  /** Repositories that the VM's job may belong to. */
  repositories: readonly { owner: string; repository: string }[];
}

const REQUESTS_AT_ONCE = 5;

/** What hosts and GitHub know of a VM without a record. */
export interface Identified {
  /** The job for which the VM was made; null when GitHub no longer has it. */
  job: JobObservation | null;
  /** Where its runner is registered, or may be registered. */
  place: { owner: string; repository: string };
  /** The event that makes an actor retire the VM; `numbers` are for names of further runners in it. */
  adoption(profile: string, numbers: Vm['numbers']): JobEvent & { type: 'vm.adopted' };
}

/**
 * Finds out what an actor has to know to retire a VM without a record: its job, its runner and its remaining
 * lifetime. Rejects when its agent or GitHub does not respond.
 */
export async function identifyStray(
  { world, namePrefix, scopes, repositories }: StrayOptions,
  step: CollectionStep & { kind: 'vm' },
  { jobId, number }: { jobId: number; number: number },
  signal: AbortSignal,
): Promise<Identified> {
  const left = (await world.agent(step.host).getVm(step.id, { signal }))?.lifetimeLeft ?? null;
  const job = await jobOf();
  const place = job ?? (await placeOf());
  const runner: Runner = {
    name: job?.runnerName && isHere(job.runnerName) ? job.runnerName : step.name,
    scope: scopes.find((one) => one.kind === 'organization' || one.repository === place.repository) ?? {
      kind: 'repository',
      owner: place.owner,
      repository: place.repository,
    },
    id: null,
    mode: null,
    mayAppearUntil: 0,
    isLeft: false,
    loss: null,
  };
  return {
    job,
    place: { owner: place.owner, repository: place.repository },
    adoption: (profile, numbers) => ({
      type: 'vm.adopted',
      vm: {
        name: step.name,
        host: step.host,
        profile,
        madeFor: { jobId, attempt: 1 },
        numbers,
        id: step.id,
        // Each login asks for it: a guest without an address is silent, which is not a reason to leave the VM
        // without an owner.
        address: null,
        image: null,
        hostKey: null,
        runnerVersion: null,
        expiresAt: left === null ? null : world.clock.now() + left,
        mayAppearUntil: 0,
      },
      runner,
    }),
  };

  /** The job may have run in another VM of ours: its end must not be taken for the end of the work in this one. */
  function isHere(runnerName: string): boolean {
    const runner = parseResourceName(namePrefix, runnerName);
    return runner?.jobId === jobId && runner.number >= number && runner.number < number + NUMBERS_FOR_A_VM;
  }

  async function jobOf(): Promise<JobObservation | null> {
    if (jobId === NO_JOB) return null;
    return firstFound(repositories, ({ owner, repository }) =>
      world.github.getJob(owner, repository, jobId, { signal }),
    );
  }

  /** Where the runner in the VM is registered, since it can be removed only there. */
  async function placeOf(): Promise<{ owner: string; repository: string }> {
    const organization = scopes.find(({ kind }) => kind === 'organization');
    if (organization) return { owner: organization.owner, repository: '' };
    const places = scopes.flatMap((scope) => (scope.kind === 'repository' ? [scope] : []));
    const found = await firstFound(places, async (scope) =>
      (await world.github.findRunner(scope, step.name, { signal })) ? scope : null,
    );
    return found ?? repositories[0] ?? { owner: '', repository: '' };
  }
}

/**
 * Asks several places in parallel, and returns what the first one finds: one that hangs or refuses does not
 * delay the others. Rejects when none found it and one could not be asked, since it may be there.
 */
function firstFound<Place, Found>(
  places: readonly Place[],
  find: (place: Place) => Promise<Found | null>,
): Promise<Found | null> {
  return new Promise((resolve, reject) => {
    let isFound = false;
    const refusals: unknown[] = [];
    const ask = async (place: Place) => {
      if (isFound) return;
      try {
        const found = await find(place);
        if (found === null) return;
        isFound = true;
        resolve(found);
      } catch (error) {
        refusals.push(error);
      }
    };
    pMap(places, ask, { concurrency: REQUESTS_AT_ONCE }).then(
      () => (refusals.length > 0 ? reject(refusals[0]) : resolve(null)),
      reject,
    );
  });
}
