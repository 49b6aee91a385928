import { z } from 'zod';

// The fields of the agent's responses that this daemon uses; others may come and go.

/** An ISO instant of the agent (whole seconds, UTC), read as epoch ms. */
const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number('not an instant'));

/** A field that the agent leaves out or sets to null when it has no value. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/**
 * A VM; sizes in bytes, `uptime` and `lifetimeSeconds` in seconds, instants in epoch ms. `state` is the stored one and
 * may be older than the live one. States: created, installing, stopped, starting, running, stopping, pausing, paused,
 * resuming, error, deleted; a later agent may have more.
 */
export const agentVmSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  state: z.string(),
  ephemeral: z.boolean(),
  resources: z.object({ cpuCount: z.number(), memorySize: z.number(), diskSize: z.number() }),
  network: z.object({ sshPort: optional(z.int()), natIP: optional(z.string()) }),
  uptime: optional(z.number()),
  lifetimeSeconds: optional(z.number()),
  expiresAt: optional(instant),
  createdAt: instant,
});

/** A pull of an image. The agent keeps operations in memory only: after its restart they are unknown. */
export const pullOperationSchema = z.object({
  operationId: z.string().min(1),
  reference: z.string(),
  status: z.enum(['started', 'running', 'cancelling', 'completed', 'failed', 'cancelled']),
  /** 0 to 1; 1 only when completed. */
  progress: optional(z.number()),
  bytesCompleted: z.number(),
  bytesTotal: optional(z.number()),
  startedAt: instant,
  digest: optional(z.string()),
  errorCode: optional(z.string()),
  error: optional(z.string()),
});

export const healthSchema = z.object({
  status: z.string(),
  version: z.string(),
  uptime: z.number(),
  vmsTotal: z.number(),
  vmsRunning: z.number(),
});

export const capabilitiesSchema = z
  .object({
    host: z.object({ maxConcurrentVMs: z.int() }),
    features: z.array(
      z.object({ id: z.string(), status: z.string(), enabled: z.boolean(), reason: optional(z.string()) }),
    ),
  })
  .transform(({ host, features }) => ({
    maxConcurrentVMs: host.maxConcurrentVMs,
    features: features.map(({ id, status, enabled, reason }) => ({
      id,
      usable: status === 'available' && enabled,
      reason,
    })),
  }));

const imageSchema = z.object({
  id: z.string(),
  reference: z.string(),
  digest: optional(z.string()),
  size: optional(z.number()),
});

const eventSchema = z
  .object({ timestamp: instant, type: z.string(), data: optional(z.record(z.string(), z.string())) })
  .transform(({ timestamp, type, data }) => ({ at: timestamp, type, data: data ?? {} }));

export const sshSchema = z.object({ status: z.enum(['ready', 'unavailable']), port: optional(z.int()) });

/** Where this daemon reaches the SSH of a guest. */
export interface SshAddress {
  host: string;
  port: number;
}

/**
 * The address of a port that an agent forwards. The agent always names its own machine as 127.0.0.1 and listens on all
 * interfaces, so the host is that of its base URL. It binds IPv4, hence not `localhost`, which may resolve to ::1.
 */
export function sshAddress(baseUrl: string, port: number): SshAddress {
  const host = new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1');
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}

export const executionSchema = z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });

export const stateSchema = z.object({ state: z.string() });

export const portSchema = z.object({ port: z.int() });

export const configSchema = z.object({ networking: z.object({ autoEnableSSHForwarding: z.boolean() }) });

/** The size that the agent gave the page; it may be less than was asked for. */
const pageSize = optional(z.int().positive());

export const vmPageSchema = z.object({ limit: pageSize, vms: z.array(agentVmSchema) });

export const imagePageSchema = z.object({ limit: pageSize, images: z.array(imageSchema) });

export const pullsSchema = z.object({ operations: z.array(pullOperationSchema) });

export const eventsSchema = z.object({ events: z.array(eventSchema) });

export type AgentVm = z.output<typeof agentVmSchema>;
export type PullOperation = z.output<typeof pullOperationSchema>;
export type AgentHealth = z.output<typeof healthSchema>;
export type AgentCapabilities = z.output<typeof capabilitiesSchema>;
export type AgentImage = z.output<typeof imageSchema>;
export type AgentEvent = z.output<typeof eventSchema>;
export type AgentExecution = z.output<typeof executionSchema>;
