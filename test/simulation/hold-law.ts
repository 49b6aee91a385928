import type { CommittedJob } from './committed.ts';
import type { SimulatedWorld } from './simulated-world.ts';

/** Milliseconds by which a hold may last longer than asked: clocks differ, and the disk may be slow. */
const LATE = 3 * 60_000;
/**
 * Milliseconds for which a runner may be listed whose removal was confirmed: it comes back when a request for its
 * registration takes effect late, and the collector acts at the second sight.
 */
const LISTED = 5 * 60_000;
/** How much faster than the simulation's clock a clock may run. */
const FAST = 1.03;

/**
 * A Mac holds one VM at most, no longer than was ordered, and never with a runner. That a queued job gets the slot of a
 * held VM is judged by the law of the queue, for which a held VM is room.
 */
export class HoldLaw {
  /**
   * By VM: the instant of its order (epoch ms), for how long it has been open since then, and for how long its runner
   * has been listed since then. Only the time counts in which the daemon could act.
   */
  readonly #held = new Map<string, { at: number; open: number; registered: number }>();
  /** Null after a time in which the daemon slept. */
  #looked: number | null = null;

  look(world: SimulatedWorld, isAwake: boolean): void {
    const now = world.clock.now();
    const passed = isAwake && this.#looked !== null ? now - this.#looked : 0;
    this.#looked = isAwake ? now : null;
    const held = world.committed.jobs().filter(({ value }) => isHolding(value));
    const hosts = held.map(({ context }) => context.vm?.host);
    if (new Set(hosts).size < hosts.length)
      world.broken.note('a Mac holds one VM at most', `held on ${hosts.join(', ')}`);
    const names = new Set(held.map(({ context }) => context.vm?.name));
    for (const name of this.#held.keys()) if (!names.has(name)) this.#held.delete(name);
    for (const job of held) this.#lookAt(world, job, passed);
  }

  #lookAt(world: SimulatedWorld, { value, context }: CommittedJob, passed: number): void {
    const { vm, hold, runner } = context;
    if (!vm || !hold) return;
    const before = this.#held.get(vm.name);
    const isSame = before?.at === hold.at;
    const isListed =
      isOpen(value) && [...world.github.runners.values()].some(({ name }) => name === runner?.name);
    const seen = {
      at: hold.at,
      open: isSame && isOpen(value) ? before.open + passed : 0,
      registered: isListed ? (before?.registered ?? 0) + passed : 0,
    };
    this.#held.set(vm.name, seen);
    if (seen.open > hold.lasts * FAST + LATE)
      world.broken.note('a hold ends', `${vm.name} is held for ${Math.round(seen.open / 60_000)} minutes`);
    const onHost = world.macs.get(vm.host)?.agent.vms.get(vm.id ?? '');
    const mac = world.macs.get(vm.host);
    const age = onHost?.expiresAt && mac ? mac.agent.clock.now() - onHost.expiresAt : 0;
    if (passed > 0 && age > LATE && seen.open > LATE)
      world.broken.note('no VM is held beyond its lifetime', `${vm.name} is held ${age} ms after its end`);
    if (seen.registered > LISTED)
      world.broken.note('no runner is registered for a held VM', `${runner?.name} is registered`);
  }
}

/** Whether the record of a VM says that it is held, or waits for the word that it may be. */
export function isHeld({ committed }: SimulatedWorld, vmName: string): boolean {
  return committed
    .jobs()
    .some(({ value, context }) => context.vm?.name === vmName && IN_HOLD.includes(partOf(value)));
}

const IN_HOLD = ['askingToHold', 'unregistering', 'opening', 'held'];

/** The state of the part of a teardown that removes the VM; empty for every other state. */
const partOf = (value: unknown) => (value as { tearingDown?: { vm?: string } }).tearingDown?.vm ?? '';

const isHolding = (value: unknown) => ['unregistering', 'opening', 'held'].includes(partOf(value));
const isOpen = (value: unknown) => ['opening', 'held'].includes(partOf(value));
