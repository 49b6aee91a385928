import type { HostVm } from '../../machines/host-look.ts';
import type { AgentClient } from '../../src/agent/agent-client.ts';
import { DaemonError } from '../../src/errors.ts';
import type { JobActors } from '../../src/jobs/job-actors.ts';

/** Macs whose agents list the VMs of the actors, so that slots are used and freed as in real work. */
export class StagedMacs {
  readonly names: string[];
  /** The failure that an agent returns instead of a response, by host. */
  readonly trouble = new Map<string, string>();
  /** Foreign VMs, by host. */
  readonly strangers = new Map<string, HostVm[]>();

  constructor(names: string[]) {
    this.names = names;
  }

  client(host: string, actors: () => JobActors): AgentClient {
    const answer = async <T>(value: () => T): Promise<T> => {
      const message = this.trouble.get(host);
      if (message !== undefined) throw new DaemonError('HOST_UNREACHABLE', message);
      return value();
    };
    const client = {
      whenInMaintenance: () => undefined,
      health: () => answer(() => ({ version: '1.4.2', uptime: 90_000 })),
      capabilities: () => answer(() => ({ maxConcurrentVMs: 2 })),
      lookAtVms: () =>
        answer(() => ({
          vms: [...(this.strangers.get(host) ?? []), ...vmsOn(host, actors())],
          unreadable: [],
        })),
    };
    return client as unknown as AgentClient;
  }
}

function vmsOn(host: string, actors: JobActors): HostVm[] {
  return [...actors.all()].flatMap(({ snapshot }) => {
    const { vm, phase } = snapshot.context;
    const isThere = vm?.host === host && vm.id !== null && !/vm\.gone/.test(JSON.stringify(snapshot.value));
    return isThere && vm.id
      ? [{ id: vm.id, name: vm.name, state: 'running', createdAt: phase.enteredAt }]
      : [];
  });
}
