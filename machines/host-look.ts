/** One VM as the host's agent lists it, whether it is ours or not. */
export interface HostVm {
  /** Empty when it cannot be read; the same holds for the name. */
  id: string;
  name: string;
  /** `unreadable` when it cannot be read. */
  state: string;
  /** Epoch ms, on the host's clock, whole seconds. */
  createdAt: number;
}

/** What one look at a host showed. */
export interface HostLook {
  version: string;
  /** Seconds since the agent started: a decrease reveals a restart, and a restart ends every ephemeral VM. */
  uptime: number;
  /** VMs that may run at once: the smaller of the operator's limit and the agent's. */
  slots: number;
  vms: HostVm[];
  /** Whether the agent refuses changes, since it is in maintenance; null when that was not asked. */
  isInMaintenance: boolean | null;
}
