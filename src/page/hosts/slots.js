/**
 * What the slots of hosts hold.
 *
 * @typedef {import('../../journal/overview.js').Overview} Overview
 * @typedef {import('../../journal/overview.js').SeenHost} SeenHost
 * @typedef {import('../../journal/overview.js').SeenJob} SeenJob
 *
 * @typedef {object} Slots
 * @property {SeenJob[]} jobs that hold a slot
 * @property {SeenHost['vms']} foreign VMs that use one
 * @property {number} free
 */

/** States in which a VM uses a slot. */
const TAKES_SLOT = new Set([
  'installing',
  'starting',
  'running',
  'stopping',
  'pausing',
  'paused',
  'resuming',
]);

/** @param {SeenHost} host @param {Overview} overview @returns {Slots} */
export function slotsOf(host, overview) {
  const jobs = [...overview.jobs.values()].filter(
    ({ context, state }) => context.vm?.host === host.name && !/vm\.gone/.test(state),
  );
  const names = new Set(jobs.map(({ context }) => context.vm?.name));
  const foreign = host.vms.filter((vm) => TAKES_SLOT.has(vm.state) && !names.has(vm.name));
  return { jobs, foreign, free: Math.max(0, host.slots - jobs.length - foreign.length) };
}

/**
 * Returns the slots of all hosts together. A free slot of a host that gets no jobs counts as closed.
 * @param {Overview} overview
 */
export function allSlots(overview) {
  const sum = { ours: 0, foreign: 0, free: 0, closed: 0, hosts: overview.hosts.size };
  /** @type {{ name: string, why: string }[]} */
  const closedHosts = [];
  for (const host of overview.hosts.values()) {
    const { jobs, foreign, free } = slotsOf(host, overview);
    const isClosed = host.cordon !== null || ['unreachable', 'lost', 'maintenance'].includes(host.state);
    sum.ours += jobs.length;
    sum.foreign += foreign.length;
    if (isClosed) {
      sum.closed += free;
      closedHosts.push({ name: host.name, why: host.cordon ? 'cordoned' : host.state });
    } else sum.free += free;
  }
  return { ...sum, closedHosts, all: sum.ours + sum.foreign + sum.free + sum.closed };
}
