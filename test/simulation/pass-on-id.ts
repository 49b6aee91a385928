import { passOnRunnerId } from '../../src/simulator/github/runners/pass-on-runner-id.ts';
import { removeRunner } from '../../src/simulator/github/runners/removal.ts';
import { isRegistered, type Runner } from '../../src/simulator/github/runners/runners.ts';
import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const SECOND = 1_000;

/**
 * Gives another party's runner the id of the first runner of ours that has no job, as soon as there is one,
 * until an instant of the virtual clock. A runner whose removal GitHub has not handled yet is left out: nobody
 * can call that request back. Returns the function that ends it: the other party's runner must
 * still be there, unless its repository was deleted.
 */
export function passOnId(world: SimulatedWorld, name: string, until: number): () => void {
  const { broken, clock, deletes, github, trace } = world;
  let heir: Runner | null = null;
  const look = () => {
    const isBeingRemoved = ({ id }: Runner) =>
      [...deletes].some(({ pathname }) => pathname.endsWith(`/runners/${id}`));
    const idle = [...github.runners.values()].find(
      (runner) => isOurs(runner.name) && !runner.job && !isBeingRemoved(runner),
    );
    if (idle) {
      heir = passOnRunnerId(github, idle, name);
      trace(`the id ${idle.id} of ${idle.name} is that of ${name} now`);
    } else if (clock.now() < until - SECOND) {
      void clock.sleepUntil(clock.now() + SECOND).then(look);
    }
  };
  look();
  return () => {
    if (heir === null) return;
    const { scope } = heir;
    const isScopeGone =
      scope.kind === 'repository' &&
      github.repositories.get(scope.repository.fullName.toLowerCase()) !== scope.repository;
    if (!isScopeGone && !isRegistered(github, heir)) {
      broken.note(
        'law 3: names carry ownership',
        `${name}, which got the id of a runner of ours, was removed`,
      );
    }
    removeRunner(github, heir);
  };
}
