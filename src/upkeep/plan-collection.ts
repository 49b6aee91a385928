import { parseBaseName, parseResourceName } from '../../machines/resource-name.ts';
import { isPoweredOn } from '../agent/vm-state.ts';
import { scopeName } from '../github/runners/runner-scope.ts';
import type { Leftover } from '../store/tables/leftovers.ts';

/** One thing at a host or at GitHub that has one of our names. */
export type Stray =
  | { kind: 'vm'; host: string; id: string; name: string; state: string }
  | { kind: 'runner'; scope: string; id: number; name: string; online: boolean; busy: boolean };

/** When something without an owner was first seen, and how often; epoch ms. */
export interface Sighting {
  firstSeenAt: number;
  looks: number;
}

export interface Reality {
  vms: { host: string; id: string; name: string; state: string }[];
  runners: { scope: string; id: number; name: string; online: boolean; busy: boolean }[];
  /** Hosts that did not respond: their VMs are unknown, so a runner without a VM proves nothing. */
  unseenHosts: string[];
  /** Scopes whose runners could not be read. */
  unseenScopes: string[];
}

export interface Owners {
  vmIds: ReadonlySet<string>;
  /** Names of VMs whose create is still under way. */
  namesInMaking: ReadonlySet<string>;
  runnerNames: ReadonlySet<string>;
  /**
   * Runners that a record has removed already, or left to the collector, while its VM is still there. A removed runner
   * can appear once more, if a request for its registration took effect after its process had ended.
   */
  goneRunners: ReadonlySet<string>;
  /** Whether a VM with the name of a base is one, is being made into one, or is being cloned. */
  keepsBase(vm: { host: string; id: string; name: string }): boolean;
}

export type CollectionStep = Stray & {
  do: 'delete' | 'adopt' | 'wait' | 'leave';
  /** For a person: why it is, or is not, collected. */
  why: string;
};

export interface Collection {
  steps: CollectionStep[];
  /** The sightings that the next look compares with. */
  sightings: Map<string, Sighting>;
}

/**
 * Looks that must find a thing without an owner before it is removed; a single look may fall between a create
 * and its record.
 */
const LOOKS_BEFORE_DELETION = 2;

/**
 * Decides what is done with each thing that is ours by name and has no record. Things of others are not in
 * the result (law 3). A VM that may be working is adopted, so that the retire protocol decides (law 5); a
 * runner that is busy, online, or may belong to a VM that we cannot see is not touched.
 */
export function planCollection(
  prefix: string,
  reality: Reality,
  owners: Owners,
  before: ReadonlyMap<string, Sighting>,
  now: number,
): Collection {
  const sightings = new Map<string, Sighting>();
  /** Counts a look; true when there were enough of them. */
  const sight = (key: string) => {
    const seen = before.get(key);
    const looks = (seen?.looks ?? 0) + 1;
    sightings.set(key, { firstSeenAt: seen?.firstSeenAt ?? now, looks });
    return looks >= LOOKS_BEFORE_DELETION;
  };
  const isOurs = ({ name }: { name: string }) => parseResourceName(prefix, name) !== null;
  const steps = [
    ...reality.vms.filter(isOurs).flatMap((vm) => vmStep(vm, owners, sight)),
    ...reality.vms.flatMap((vm) => baseStep(prefix, vm, owners, sight)),
    ...reality.runners.filter(isOurs).flatMap((runner) => runnerStep(runner, reality, owners, sight)),
  ];
  return { steps, sightings };
}

function vmStep(
  vm: Reality['vms'][number],
  owners: Owners,
  sight: (key: string) => boolean,
): CollectionStep[] {
  const { host, id, name, state } = vm;
  const isWorking = isPoweredOn(vm.state);
  // A VM that is being made is not started before its record has its id: one that runs belongs to a lost
  // record.
  if (owners.vmIds.has(vm.id) || (owners.namesInMaking.has(vm.name) && !isWorking)) return [];
  const stray = { kind: 'vm' as const, host, id, name, state };
  const cause = `no record owns it and it is ${vm.state}`;
  if (!sight(`vm ${vm.host} ${vm.id}`))
    return [{ ...stray, do: 'wait', why: `${cause}; the collector acts when it sees this again` }];
  if (!isWorking) return [{ ...stray, do: 'delete', why: cause }];
  if (vm.state === 'paused' || vm.state === 'pausing') {
    return [
      { ...stray, do: 'leave', why: `${cause}, so its guest cannot be asked: resume it, or delete it` },
    ];
  }
  return [{ ...stray, do: 'adopt', why: `${cause}: its guest is asked first` }];
}

/**
 * This daemon never starts a base VM, so a base that runs is used by a person, and there is no runner of ours
 * in it to ask.
 */
function baseStep(
  prefix: string,
  vm: Reality['vms'][number],
  owners: Owners,
  sight: (key: string) => boolean,
): CollectionStep[] {
  const named = parseBaseName(prefix, vm.name);
  if (named === null || owners.keepsBase(vm)) return [];
  const { host, id, name, state } = vm;
  const stray = { kind: 'vm' as const, host, id, name, state };
  const what = named.isComplete ? 'no profile uses this base VM' : 'this base VM was never finished';
  const cause = `${what} and it is ${vm.state}`;
  if (isPoweredOn(vm.state)) {
    return [{ ...stray, do: 'leave', why: `${cause}: stop it, or give it a name of your own` }];
  }
  if (!sight(`vm ${vm.host} ${vm.id}`))
    return [{ ...stray, do: 'wait', why: `${cause}; the collector acts when it sees this again` }];
  return [{ ...stray, do: 'delete', why: cause }];
}

function runnerStep(
  runner: Reality['runners'][number],
  { vms, unseenHosts }: Reality,
  owners: Owners,
  sight: (key: string) => boolean,
): CollectionStep[] {
  if (owners.runnerNames.has(runner.name)) return [];
  const stray = { kind: 'runner' as const, ...runner };
  const leave = (why: string): CollectionStep[] => [{ ...stray, do: 'leave', why }];
  const isGone = owners.goneRunners.has(runner.name);
  if (!isGone && vms.some(({ name }) => name === runner.name))
    return leave('its VM still exists and is removed first');
  if (runner.busy) return leave('GitHub says that it is busy');
  if (runner.online) return leave('it is online');
  if (unseenHosts.length > 0)
    return leave(`its VM may be on ${unseenHosts.join(', ')}, which did not answer`);
  const why = isGone ? 'its VM does not need it any more' : 'no record and no VM owns it';
  if (!sight(`runner ${runner.scope} ${runner.id}`))
    return [{ ...stray, do: 'wait', why: `${why}; the collector acts when it sees this again` }];
  return [{ ...stray, do: 'delete', why }];
}

/** Returns whether nothing of what a record left behind remains. What could not be read may remain. */
export function isLeftoverGone(
  { vm, runner }: Leftover,
  { vms, runners, unseenHosts, unseenScopes }: Reality,
): boolean {
  const isVmThere =
    vm !== null && (unseenHosts.includes(vm.host) || vms.some(({ name }) => name === vm.name));
  const isRunnerThere =
    runner !== null &&
    (unseenScopes.includes(scopeName(runner.scope)) || runners.some(({ name }) => name === runner.name));
  return !isVmThere && !isRunnerThere;
}
