import { isErrorResponse } from './agent-failure.ts';
import { isInMaintenance, offersClone } from './agent-probes.ts';
import { CHANGE_TIMEOUT_MS, change, get, large, nullWhenGone, pullPath, vmPath } from './agent-requests.ts';
import {
  type AgentCapabilities,
  type AgentEvent,
  type AgentExecution,
  type AgentHealth,
  type AgentImage,
  type AgentVm,
  agentVmSchema,
  capabilitiesSchema,
  configSchema,
  eventsSchema,
  executionSchema,
  type ForwardedAddress,
  forwardedAt,
  healthSchema,
  imagePageSchema,
  type PullOperation,
  portSchema,
  pullOperationSchema,
  pullsSchema,
  type SshForwarding,
  sshSchema,
  stateSchema,
  vmPageSchema,
} from './agent-responses.ts';
import { AgentTransport, type AgentTransportOptions } from './agent-transport.ts';
import { type VmList, vmListOf, vmsNamed } from './vm-list.ts';

/** An aborted call rejects with the signal's reason. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

/** A size that is absent stays as it is; sizes in bytes. */
interface Resources {
  cpuCount?: number;
  memorySize?: number;
  diskSize?: number;
}

/**
 * The calls to the agent of one Mac that this daemon makes; the agent's "wipe" and "reset" are not among them,
 * since they destroy the VMs of others too. Every method takes a signal, throws a DaemonError whose message names host,
 * call and response, and is safe to repeat, except for `createVm` and `cloneVm`, which make a second VM.
 */
export class AgentClient {
  readonly name: string;
  readonly baseUrl: string;
  readonly #transport: AgentTransport;

  constructor(options: AgentTransportOptions) {
    this.name = options.name;
    this.baseUrl = options.baseUrl;
    this.#transport = new AgentTransport(options);
  }

  /** `uptime` is in seconds since the agent's server started: a decrease means that it restarted. Needs no token. */
  health({ signal }: Abortable = {}): Promise<AgentHealth> {
    return this.#transport.json(healthSchema, get('read its health', '/health', signal));
  }

  /** Throws AGENT_TOKEN_REFUSED when the token is not the agent's. */
  async verifyToken({ signal }: Abortable = {}): Promise<void> {
    await this.#transport.bytes(get('verify the token', '/auth/verify', signal));
  }

  capabilities({ signal }: Abortable = {}): Promise<AgentCapabilities> {
    return this.#transport.json(
      capabilitiesSchema,
      get('read its capabilities', '/system/capabilities', signal),
    );
  }

  /** Whether the agent is in maintenance: it then refuses every change, and serves requests that only read. */
  isInMaintenance({ signal }: Abortable = {}): Promise<boolean> {
    return isInMaintenance(this.#transport, signal);
  }

  /** All VMs of the host, including those of others. A VM that is still being created is not listed. */
  async lookAtVms({ signal }: Abortable = {}): Promise<VmList> {
    const request = get('list VMs', '/vms', signal);
    return vmListOf(await this.#transport.allPages(vmPageSchema, ({ vms }) => vms, request));
  }

  /** The VMs of the host that can be read. */
  async listVms(options: Abortable = {}): Promise<AgentVm[]> {
    return (await this.lookAtVms(options)).vms;
  }

  /** The VMs of exactly this name; the agent allows several. */
  async findVms(name: string, options: Abortable = {}): Promise<AgentVm[]> {
    return vmsNamed(name, await this.lookAtVms(options), this.name);
  }

  /** The stored record, or null when the agent does not know the VM. */
  getVm(id: string, { signal }: Abortable = {}): Promise<AgentVm | null> {
    return nullWhenGone(
      this.#transport.json(agentVmSchema, get(`read VM ${id}`, vmPath(id), signal)),
      'NOT_FOUND',
    );
  }

  /** The live state, which may be newer than the stored one; null when the agent does not know the VM. */
  async vmState(id: string, { signal }: Abortable = {}): Promise<string | null> {
    const request = get(`read the state of VM ${id}`, vmPath(id, '/state'), signal);
    const response = await nullWhenGone(this.#transport.json(stateSchema, request), 'NOT_FOUND');
    return response?.state ?? null;
  }

  /**
   * Makes a stopped VM from an image. The agent pulls the image first where it has to, so a long pull should
   * be done before this call. Blocks until the VM exists; it is listed only at the end. After an abort, a
   * lost connection or a timeout it is unknown whether it will appear (look by name).
   */
  createVm(
    spec: { name: string; image: string; ephemeral: boolean; lifetimeSeconds: number | null },
    { signal }: Abortable = {},
  ): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      what: `create VM ${spec.name} from ${spec.image}`,
      method: 'POST',
      path: '/vms',
      body: { ...spec, lifetimeSeconds: spec.lifetimeSeconds ?? undefined },
      signal,
      // Has a limit: the teardown waits for this call's end, so one that hangs would hold its slot for ever.
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
  }

  /** Whether this agent can clone. */
  offersClone({ signal }: Abortable = {}): Promise<boolean> {
    return offersClone(this.#transport, signal);
  }

  /**
   * Copies a stopped VM on the host, without a registry and with other resources; the disk can only grow.
   * Like `createVm` it blocks, and makes a second VM when repeated. The VM is listed when it is copied. While
   * its disk grows it is busy, and when that fails the agent deletes it. Throws VM_BUSY while the source runs
   * another operation, for example another clone: the agent does not queue.
   */
  cloneVm(
    sourceId: string,
    spec: {
      name: string;
      resources: Resources;
      ephemeral: boolean;
      lifetimeSeconds: number | null;
    },
    { signal }: Abortable = {},
  ): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`clone VM ${spec.name} from ${sourceId}`, 'POST', vmPath(sourceId, '/clone'), signal),
      body: { ...spec, lifetimeSeconds: spec.lifetimeSeconds ?? undefined },
    });
  }

  /** Renames the VM; names need not be unique. */
  renameVm(id: string, name: string, { signal }: Abortable = {}): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`rename VM ${id} to ${name}`, 'PATCH', vmPath(id), signal),
      body: { name },
    });
  }

  /** Sets resources of a stopped VM. The disk can only grow. */
  updateVm(id: string, resources: Resources, { signal }: Abortable = {}): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`resize VM ${id}`, 'PATCH', vmPath(id), signal),
      body: { resources },
    });
  }

  /** Powers the VM on and waits until its hardware runs (its system boots later). A running VM stays as it is. */
  startVm(id: string, { signal }: Abortable = {}): Promise<AgentVm> {
    return this.#transport.json(
      agentVmSchema,
      change(`start VM ${id}`, 'POST', vmPath(id, '/start'), signal),
    );
  }

  /** Does not hold the VM's operation gate. `ready` says that a port is open, not that the guest responds. */
  async sshStatus(id: string, { signal }: Abortable = {}): Promise<SshForwarding> {
    const request = get(`read SSH forwarding of VM ${id}`, vmPath(id, '/ssh'), signal);
    const ssh = await nullWhenGone(this.#transport.json(sshSchema, request), 'SSH_NOT_CONFIGURED');
    if (ssh === null) return { status: 'not-configured', address: null };
    return { status: ssh.status, address: ssh.port === null ? null : forwardedAt(this.baseUrl, ssh.port) };
  }

  /**
   * Makes the agent forward a port of the host to the guest's SSH. May block for minutes while the guest has
   * no address; during that time the agent rejects every other operation on the VM.
   */
  async enableSsh(id: string, { signal }: Abortable = {}): Promise<ForwardedAddress> {
    const request = change(`enable SSH forwarding of VM ${id}`, 'POST', vmPath(id, '/ssh'), signal);
    return forwardedAt(this.baseUrl, (await this.#transport.json(portSchema, request)).port);
  }

  /**
   * Whether the agent forwards SSH by itself when a VM runs. The agent returns what its config file says; a
   * change of the file takes effect only when the agent starts the next time.
   */
  async forwardsSshAutomatically({ signal }: Abortable = {}): Promise<boolean> {
    const config = await this.#transport.json(configSchema, get('read its config', '/config', signal));
    return config.networking.autoEnableSSHForwarding;
  }

  /** The same for the guest's screen sharing. */
  async enableVnc(id: string, { signal }: Abortable = {}): Promise<ForwardedAddress> {
    const request = change(`enable VNC forwarding of VM ${id}`, 'POST', vmPath(id, '/vnc'), signal);
    return forwardedAt(this.baseUrl, (await this.#transport.json(portSchema, request)).port);
  }

  /** Optional before a deletion, so a VM that is gone or busy is not a failure. */
  async disableSsh(id: string, { signal }: Abortable = {}): Promise<void> {
    const request = change(`disable SSH forwarding of VM ${id}`, 'DELETE', vmPath(id, '/ssh'), signal);
    await this.#transport.bytes(request).catch((error: unknown) => {
      const tolerated =
        isErrorResponse(error, 404, 'NOT_FOUND') || isErrorResponse(error, 409, 'INVALID_STATE');
      if (!tolerated) throw error;
    });
  }

  /** Deletes the VM, running or not. Its slot and ports are free on return. Throws VM_BUSY while another operation runs. */
  async deleteVm(id: string, { signal }: Abortable = {}): Promise<'deleted' | 'absent'> {
    const request = change(`delete VM ${id}`, 'DELETE', `${vmPath(id)}?force=true`, signal);
    const response = await nullWhenGone(this.#transport.bytes(request), 'NOT_FOUND');
    return response === null ? 'absent' : 'deleted';
  }

  /** Runs a command in the guest by the agent's own SSH. Exit code 255 may also be a failed connection. */
  execute(
    id: string,
    script: { command: string; user: string; password: string | null; timeoutSeconds: number },
    { signal }: Abortable = {},
  ): Promise<AgentExecution> {
    const { command, user, timeoutSeconds: timeout } = script;
    const password = script.password ?? undefined;
    return this.#transport.json(executionSchema, {
      ...large(change(`run a command in VM ${id}`, 'POST', vmPath(id, '/execute'), signal)),
      body: { command, user, password, timeout },
      secret: password,
    });
  }

  /**
   * Begins a pull and returns at once. For a digest that the host has, the agent does not ask the registry.
   */
  pullImage(
    reference: string,
    { timeoutSeconds, signal }: { timeoutSeconds: number } & Abortable,
  ): Promise<PullOperation> {
    return this.#transport.json(pullOperationSchema, {
      ...change(`pull image ${reference}`, 'POST', '/images/pull', signal),
      body: { reference, timeout: timeoutSeconds, async: true },
    });
  }

  /** Null when the agent does not know the operation, as after each of its restarts. */
  pullOperation(id: string, { signal }: Abortable = {}): Promise<PullOperation | null> {
    const request = get(`read pull ${id}`, pullPath(id), signal);
    return nullWhenGone(this.#transport.json(pullOperationSchema, request), 'IMAGE_OPERATION_NOT_FOUND');
  }

  /** The pulls under way, including those that a blocking create began. */
  async activePulls({ signal }: Abortable = {}): Promise<PullOperation[]> {
    const request = get('list pulls', '/images/pull/operations', signal);
    return (await this.#transport.json(pullsSchema, request)).operations;
  }

  async listImages({ signal }: Abortable = {}): Promise<AgentImage[]> {
    const request = get('list images', '/images', signal);
    const images = await this.#transport.allPages(imagePageSchema, (page) => page.images, request);
    return images.filter((image) => image !== null);
  }

  /** The newest `limit` events of the VM, oldest first; also of a deleted VM while the agent keeps them. */
  async listEvents(id: string, { limit, signal }: { limit: number } & Abortable): Promise<AgentEvent[]> {
    const request = get(`read events of VM ${id}`, `${vmPath(id, '/events')}?limit=${limit}`, signal);
    return (await this.#transport.json(eventsSchema, request)).events;
  }

  /** A PNG of the running VM's screen. */
  screenshot(id: string, { signal }: Abortable = {}): Promise<Uint8Array> {
    const request = get(`take a screenshot of VM ${id}`, vmPath(id, '/screenshot'), signal);
    return this.#transport.bytes(large(request));
  }

  /** Calls `tell` whenever the agent refuses a change, since it is in maintenance. */
  whenInMaintenance(tell: () => void): void {
    this.#transport.onMaintenance = tell;
  }

  /** Aborts the calls under way; each of them fails with HOST_UNREACHABLE. */
  close(): Promise<void> {
    return this.#transport.close();
  }
}
