import type { Rollout } from '../../src/store/tables/hosts/rollouts.ts';
import type { Committed, CommittedJob } from './committed.ts';
import { isMaking } from './host-laws.ts';
import { isOurs } from './request-laws.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** The profiles of the simulated daemon. */
const PROFILES = ['mac', 'mac-large'];

/** The images of a profile as a restart would find them; null while none is known. */
export const rolloutOf = (committed: Committed, profile: string): Rollout | null =>
  committed.read<Rollout>(`!rollouts!${profile}`);

/**
 * An image whose VMs never serve a job runs on no host but that of its trial, one VM at a time, and never becomes the
 * image of every host. The hosts are asked which image a VM has; the daemon is asked only where its trials are.
 */
export class ImageLaw {
  /** By profile and digest, the hosts on which it was tried; all hosts for an image that was the first one. */
  readonly #allowed = new Map<string, Set<string>>();

  look(world: SimulatedWorld): void {
    for (const profile of PROFILES) this.#lookAtRollout(world, profile);
    for (const [name, { agent }] of world.macs) {
      for (const vm of agent.vms.values()) {
        if (vm.digest === null || vm.power === null || !isOurs(vm.name) || !isBad(world, vm.digest)) continue;
        const profile = profileOf(world.committed, vm.name);
        // Where the daemon could not learn any digest, the agent alone decides what a tag means.
        if (profile === null || this.#allowed.get(`${profile} ${vm.digest}`)?.has(name)) continue;
        world.broken.note('a bad image runs on one host', `${vm.name} of ${profile} runs on ${name}`);
      }
    }
  }

  #lookAtRollout(world: SimulatedWorld, profile: string): void {
    const rollout = rolloutOf(world.committed, profile);
    if (rollout === null) return;
    const { current, trial, last } = rollout;
    if (trial) {
      this.#allow(profile, trial.digest, trial.host);
      this.#lookAtVms(world, profile, trial.digest);
    }
    if (last.what === 'first') for (const mac of world.macs.keys()) this.#allow(profile, current.digest, mac);
    if (last.what === 'spread' && isBad(world, current.digest))
      world.broken.note('a bad image does not spread', `${profile} uses ${current.digest}: ${last.why}`);
  }

  #lookAtVms({ broken, committed }: SimulatedWorld, profile: string, digest: string): void {
    const made = committed
      .jobs()
      .filter((job) => job.context.vm?.profile === profile && job.context.vm.image?.digest === digest)
      .filter(isUnproven);
    if (made.length > 1)
      broken.note(
        'a tried image gets one VM at a time',
        `${profile} makes ${made.map(({ context }) => context.vm?.name)}`,
      );
  }

  #allow(profile: string, digest: string, host: string): void {
    const key = `${profile} ${digest}`;
    this.#allowed.set(key, (this.#allowed.get(key) ?? new Set()).add(host));
  }
}

/** Whether a job that gets this VM shows something new of its image: a warm VM has not had a runner yet. */
const isUnproven = (job: CommittedJob) => isMaking(job) || job.value === 'warm';

const isBad = ({ macs }: SimulatedWorld, digest: string) =>
  [...macs.values()].some(({ agent }) => Object.keys(agent.options.registry.boots[digest] ?? {}).length > 0);

/** The profile of a VM that was made from an image of a known digest; null for every other VM. */
function profileOf(committed: Committed, vmName: string): string | null {
  const vm = committed.jobs().find(({ context }) => context.vm?.name === vmName)?.context.vm;
  return vm?.image ? vm.profile : null;
}
