import type { JobContext, Runner, Vm } from './context.ts';
import type { GuestRef } from './effects.ts';

/** A state was entered without what its predecessor must have found: a fault of ours that must not go on. */
function known<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new Error(`the job machine has no ${what} here`);
  return value;
}

export function vmOf(context: JobContext): Vm {
  return known(context.vm, 'VM');
}

export function vmIdOf(context: JobContext): string {
  return known(vmOf(context).id, 'VM id');
}

export function guestOf(context: JobContext): GuestRef {
  const vm = vmOf(context);
  return {
    host: vm.host,
    vmId: vmIdOf(context),
    address: known(vm.address, 'guest address'),
    hostKey: vm.hostKey,
  };
}

export function runnerOf(context: JobContext): Runner {
  return known(context.runner, 'runner');
}

/** What GitHub's routes need to find this actor's runner. */
export function runnerRefOf(context: JobContext) {
  const { owner, repository } = context.job;
  const { name, id } = runnerOf(context);
  return { owner, repository, runnerName: name, runnerId: id };
}
