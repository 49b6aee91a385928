import { z } from 'zod';
import {
  type AgentCapabilities,
  type AgentEvent,
  type AgentHealth,
  type AgentImage,
  capabilitiesSchema,
  configSchema,
  eventSchema,
  executionSchema,
  healthSchema,
  imagePageSchema,
  portSchema,
  sshSchema,
  stateSchema,
  vmPageSchema,
} from './agent-answers.ts';
import { isRefusal } from './agent-failure.ts';
import { pullPath, vmPath } from './agent-path.ts';
import { CHANGE_TIMEOUT_MS, change, get, nullWhenGone } from './agent-requests.ts';
import { type AgentRequest, AgentTransport, type AgentTransportOptions } from './agent-transport.ts';
import { type AgentVm, agentVmSchema } from './agent-vm.ts';
import { type PullOperation, pullOperationSchema } from './pull-operation.ts';

const PAGE = 1000;

/** A well-formed id that no VM has. */
const NO_VM = '00000000-0000-0000-0000-000000000000';

/** Every call can be cut short; it then rejects with the signal's reason. */
export interface Abortable {
  signal?: AbortSignal | undefined;
}

export type SshForwarding = { status: 'ready' | 'unavailable' | 'not-configured'; port: number | null };

/**
 * The calls to the agent of one Mac that this daemon makes; the agent's "wipe" and "reset" are not among them,
 * since they destroy strangers' VMs too. Every method takes a signal, throws a DaemonError whose message names
 * host, call and answer, and may be repeated safely by one who looks first; `createVm` and `cloneVm` alone make a second VM.
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

  /** All VMs of the host, strangers' too. One that is still being created is not among them. */
  listVms({ signal }: Abortable = {}): Promise<AgentVm[]> {
    return this.#allPages(vmPageSchema, ({ vms }) => vms, get('list VMs', '/vms', signal));
  }

  /** The VMs of exactly this name; the agent allows several. */
  async findVms(name: string, { signal }: Abortable = {}): Promise<AgentVm[]> {
    return (await this.listVms({ signal })).filter((vm) => vm.name === name);
  }

  /** The stored record, or null when the agent knows no such VM. */
  getVm(id: string, { signal }: Abortable = {}): Promise<AgentVm | null> {
    return nullWhenGone(
      this.#transport.json(agentVmSchema, get(`read VM ${id}`, vmPath(id), signal)),
      'NOT_FOUND',
    );
  }

  /** The live state, which the stored record trails, or null when the agent knows no such VM. */
  async vmState(id: string, { signal }: Abortable = {}): Promise<string | null> {
    const asked = get(`read the state of VM ${id}`, vmPath(id, '/state'), signal);
    const answer = await nullWhenGone(this.#transport.json(stateSchema, asked), 'NOT_FOUND');
    return answer?.state ?? null;
  }

  /**
   * Makes a stopped VM from an image, pulling that first where it must: a long pull is better ordered before, by
   * itself. Blocks meanwhile, and the VM appears only at the end; an abort, a lost connection or too long a silence
   * leaves open whether it will (look by name).
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
      // Not for ever: the teardown waits for this call's end, so one that hangs would hold its slot for good.
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
  }

  /**
   * Whether this agent can clone. It is asked to clone a VM that cannot exist, by a body without a name: an agent that
   * has the route refuses the body, one that does not refuses the path, and nothing can come of either.
   */
  async offersClone({ signal }: Abortable = {}): Promise<boolean> {
    const asked = change('ask whether it can clone', 'POST', vmPath(NO_VM, '/clone'), signal);
    try {
      await this.#transport.bytes({ ...asked, body: {} });
      return false;
    } catch (error) {
      if (isRefusal(error, 400, 'INVALID_REQUEST')) return true;
      if (isRefusal(error, 404, 'NOT_FOUND') || isRefusal(error, 405, 'METHOD_NOT_ALLOWED')) return false;
      throw error;
    }
  }

  /**
   * Copies a stopped VM on the host itself, with no registry and with resources of its own; sizes in bytes, the disk
   * can only grow. As `createVm` it blocks, makes a second VM when repeated, and shows the VM at its end. Throws
   * VM_BUSY when the source does anything else meanwhile, be it another clone: the agent does not queue.
   */
  cloneVm(
    sourceId: string,
    spec: {
      name: string;
      resources: { cpuCount?: number; memorySize?: number; diskSize?: number };
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

  /** Gives the VM another name; names need not be unique. */
  renameVm(id: string, name: string, { signal }: Abortable = {}): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`rename VM ${id} to ${name}`, 'PATCH', vmPath(id), signal),
      body: { name },
    });
  }

  /** Sets resources of a stopped VM; sizes in bytes. The disk can only grow. */
  updateVm(
    id: string,
    resources: { cpuCount?: number; memorySize?: number; diskSize?: number },
    { signal }: Abortable = {},
  ): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`resize VM ${id}`, 'PATCH', vmPath(id), signal),
      body: { resources },
    });
  }

  /** Powers the VM on and waits until its hardware runs (its system boots later). A running VM stays as it is. */
  startVm(id: string, { signal }: Abortable = {}): Promise<AgentVm> {
    return this.#transport.json(agentVmSchema, {
      ...change(`start VM ${id}`, 'POST', vmPath(id, '/start'), signal),
      timeoutMs: 0,
    });
  }

  /** Reads without holding the VM's operation gate. `ready` says that a port is open, not that the guest answers. */
  async sshStatus(id: string, { signal }: Abortable = {}): Promise<SshForwarding> {
    const asked = get(`read SSH forwarding of VM ${id}`, vmPath(id, '/ssh'), signal);
    const answer = await nullWhenGone(this.#transport.json(sshSchema, asked), 'SSH_NOT_CONFIGURED');
    return answer ?? { status: 'not-configured', port: null };
  }

  /**
   * The port on the host that leads to the guest's SSH. May block for minutes while the guest has no address, and
   * no other operation on the VM is let in meanwhile.
   */
  async enableSsh(id: string, { signal }: Abortable = {}): Promise<number> {
    const asked = change(`enable SSH forwarding of VM ${id}`, 'POST', vmPath(id, '/ssh'), signal);
    return (await this.#transport.json(portSchema, asked)).port;
  }

  /**
   * Whether the agent forwards SSH by itself when a VM runs. It answers what its config file says, which after a
   * change is true only from its next start on.
   */
  async forwardsSshAutomatically({ signal }: Abortable = {}): Promise<boolean> {
    const config = await this.#transport.json(configSchema, get('read its config', '/config', signal));
    return config.networking.autoEnableSSHForwarding;
  }

  /** Optional before a deletion, so a VM that is gone or busy is no failure here. */
  async disableSsh(id: string, { signal }: Abortable = {}): Promise<void> {
    const asked = change(`disable SSH forwarding of VM ${id}`, 'DELETE', vmPath(id, '/ssh'), signal);
    await this.#transport.bytes(asked).catch((error: unknown) => {
      const tolerated = isRefusal(error, 404, 'NOT_FOUND') || isRefusal(error, 409, 'INVALID_STATE');
      if (!tolerated) throw error;
    });
  }

  /** Deletes the VM, running or not. Its slot and ports are free on return. Throws VM_BUSY while another operation runs. */
  async deleteVm(id: string, { signal }: Abortable = {}): Promise<'deleted' | 'absent'> {
    const asked = change(`delete VM ${id}`, 'DELETE', `${vmPath(id)}?force=true`, signal);
    const answer = await nullWhenGone(this.#transport.bytes(asked), 'NOT_FOUND');
    return answer === null ? 'absent' : 'deleted';
  }

  /** Runs a command in the guest by the agent's own SSH. Exit code 255 is also what a failed connection looks like. */
  execute(
    id: string,
    {
      signal,
      ...run
    }: { command: string; user: string; password: string | null; timeoutSeconds: number } & Abortable,
  ): Promise<z.output<typeof executionSchema>> {
    return this.#transport.json(executionSchema, {
      ...change(`run a command in VM ${id}`, 'POST', vmPath(id, '/execute'), signal),
      body: {
        command: run.command,
        user: run.user,
        password: run.password ?? undefined,
        timeout: run.timeoutSeconds,
      },
      secret: run.password ?? undefined,
    });
  }

  /** Begins a pull and returns at once. A digest that the host has completes without asking the registry. */
  pullImage(
    reference: string,
    { timeoutSeconds, signal }: { timeoutSeconds: number } & Abortable,
  ): Promise<PullOperation> {
    return this.#transport.json(pullOperationSchema, {
      ...change(`pull image ${reference}`, 'POST', '/images/pull', signal),
      body: { reference, timeout: timeoutSeconds, async: true },
    });
  }

  /** Null when the agent knows no such operation, which is so for all of them after its restart. */
  pullOperation(id: string, { signal }: Abortable = {}): Promise<PullOperation | null> {
    const asked = get(`read pull ${id}`, pullPath(id), signal);
    return nullWhenGone(this.#transport.json(pullOperationSchema, asked), 'IMAGE_OPERATION_NOT_FOUND');
  }

  /** The pulls under way, those that a blocking create began included. */
  async activePulls({ signal }: Abortable = {}): Promise<PullOperation[]> {
    const schema = z.object({ operations: z.array(pullOperationSchema) });
    return (await this.#transport.json(schema, get('list pulls', '/images/pull/operations', signal)))
      .operations;
  }

  listImages({ signal }: Abortable = {}): Promise<AgentImage[]> {
    return this.#allPages(imagePageSchema, ({ images }) => images, get('list images', '/images', signal));
  }

  /** The newest `limit` events of the VM, oldest first; also of a deleted VM while the agent remembers any. */
  async listEvents(id: string, { limit, signal }: { limit: number } & Abortable): Promise<AgentEvent[]> {
    const asked = get(`read events of VM ${id}`, `${vmPath(id, '/events')}?limit=${limit}`, signal);
    return (await this.#transport.json(z.object({ events: z.array(eventSchema) }), asked)).events;
  }

  /** A PNG of the running VM's screen. */
  screenshot(id: string, { signal }: Abortable = {}): Promise<Uint8Array> {
    return this.#transport.bytes(get(`take a screenshot of VM ${id}`, vmPath(id, '/screenshot'), signal));
  }

  /** Cuts the calls under way; each of them fails with HOST_UNREACHABLE. */
  close(): Promise<void> {
    return this.#transport.close();
  }

  async #allPages<Page extends { total: number }, T>(
    schema: z.ZodType<Page>,
    itemsOf: (page: Page) => T[],
    asked: AgentRequest,
  ): Promise<T[]> {
    const all: T[] = [];
    for (;;) {
      const path = `${asked.path}?limit=${PAGE}&offset=${all.length}`;
      const page = await this.#transport.json(schema, { ...asked, path });
      const items = itemsOf(page);
      all.push(...items);
      if (items.length === 0 || all.length >= page.total) return all;
    }
  }
}
