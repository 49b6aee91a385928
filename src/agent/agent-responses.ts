import { z } from 'zod';
import { count, cutText, exactText, isoInstant, port, readableRows } from '../bounds.ts';
import { UNREADABLE } from './vm-state.ts';

// The fields of the agent's responses that this daemon uses; others may come and go.

/** A field that the agent leaves out or sets to null when it has no value. */
function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/** A field that the rest can be used without: null also when it cannot be read. */
function dispensable<T extends z.ZodType>(schema: T) {
  return optional(schema).catch(null as never);
}

/** Seconds; agents accept at most a week. */
const LONGEST_LIFETIME = 366 * 86_400;

/** A size in bytes, or a number of seconds or CPUs. */
const amount = z.number().nonnegative().max(Number.MAX_SAFE_INTEGER);

/**
 * A VM; sizes in bytes, `uptime` in seconds. `state` is the stored one and may be older than the live one.
 * What cannot be read of it is null, a size of 0 or the state `unreadable`: the VM exists all the same.
 * States: created, installing, stopped, starting, running, stopping, pausing, paused, resuming, error,
 * deleted; a newer agent may have more. `lifetimeLeft`: milliseconds until the agent powers it off, from its
 * start on; null without a lifetime. The agent's own `expiresAt` and `createdAt` (epoch ms) are instants of a
 * clock that may be wrong by hours.
 */
export const agentVmSchema = z
  .object({
    id: exactText.min(1),
    name: exactText,
    state: exactText.catch(UNREADABLE),
    ephemeral: z.boolean().catch(false),
    resources: z
      .object({ cpuCount: amount, memorySize: amount, diskSize: amount })
      .catch({ cpuCount: 0, memorySize: 0, diskSize: 0 }),
    network: z
      .object({ sshPort: dispensable(port), natIP: dispensable(exactText) })
      .catch({ sshPort: null, natIP: null }),
    uptime: dispensable(amount),
    lifetimeSeconds: dispensable(amount.max(LONGEST_LIFETIME)),
    createdAt: isoInstant.catch(0),
  })
  .transform(({ lifetimeSeconds, ...vm }) => ({
    ...vm,
    lifetimeLeft: lifetimeSeconds === null ? null : Math.max(0, (lifetimeSeconds - (vm.uptime ?? 0)) * 1000),
  }));

/** What can be read of a VM whose id or name is unreadable: that it exists. */
const unreadableVmSchema = z
  .object({ id: exactText.min(1).nullable().catch(null), name: exactText.nullable().catch(null) })
  .transform((unreadable) => ({ unreadable }));

/** A pull of an image. The agent keeps operations in memory only: after its restart they are unknown. */
export const pullOperationSchema = z.object({
  operationId: exactText.min(1),
  reference: exactText,
  status: z.enum(['started', 'running', 'cancelling', 'completed', 'failed', 'cancelled']),
  /** 0 to 1; 1 only when completed. */
  progress: dispensable(z.number().min(0).max(1)),
  bytesCompleted: amount.catch(0),
  bytesTotal: dispensable(amount),
  startedAt: isoInstant,
  digest: dispensable(exactText),
  errorCode: dispensable(exactText),
  error: dispensable(cutText),
});

export const healthSchema = z.object({
  status: cutText,
  version: cutText,
  uptime: amount,
  vmsTotal: count.catch(0),
  vmsRunning: count.catch(0),
});

export const capabilitiesSchema = z
  .object({
    host: z.object({ maxConcurrentVMs: count }),
    features: readableRows(
      z.object({ id: exactText, status: cutText, enabled: z.boolean(), reason: dispensable(cutText) }),
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
  id: exactText,
  reference: exactText,
  digest: dispensable(exactText),
  size: dispensable(amount),
});

const eventSchema = z
  .object({ timestamp: isoInstant, type: cutText, data: dispensable(z.record(exactText, cutText)) })
  .transform(({ timestamp, type, data }) => ({ at: timestamp, type, data: data ?? {} }));

export const sshSchema = z.object({ status: z.enum(['ready', 'unavailable']), port: optional(port) });

/** The address at which this daemon reaches a port of a guest. */
export interface ForwardedAddress {
  host: string;
  port: number;
}

export interface SshForwarding {
  status: 'ready' | 'unavailable' | 'not-configured';
  /** Where this daemon reaches the guest's SSH; null while the agent does not forward it. */
  address: ForwardedAddress | null;
}

/**
 * The address of a port that an agent forwards. The agent always names its own machine as 127.0.0.1 and
 * listens on all interfaces, so the host is that of its base URL. It binds IPv4, so `localhost` is not used,
 * which may resolve to ::1.
 */
export function forwardedAt(baseUrl: string, port: number): ForwardedAddress {
  const host = new URL(baseUrl).hostname.replace(/^\[(.*)\]$/, '$1');
  return { host: host === 'localhost' ? '127.0.0.1' : host, port };
}

export const executionSchema = z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });

export const stateSchema = z.object({ state: exactText });

export const portSchema = z.object({ port });

export const configSchema = z.object({ networking: z.object({ autoEnableSSHForwarding: z.boolean() }) });

/** The size that the agent gave the page; it may be less than was asked for. */
const pageSize = optional(z.int().positive());

/** Each row counts toward the page size, even when it cannot be read. */
export const vmPageSchema = z.object({
  limit: pageSize,
  vms: z.array(z.union([agentVmSchema, unreadableVmSchema, z.unknown().transform(() => null)])),
});

export const imagePageSchema = z.object({
  limit: pageSize,
  images: z.array(z.union([imageSchema, z.unknown().transform(() => null)])),
});

export const pullsSchema = z.object({ operations: readableRows(pullOperationSchema) });

export const eventsSchema = z.object({ events: readableRows(eventSchema) });

export type AgentVm = z.output<typeof agentVmSchema>;
export type PullOperation = z.output<typeof pullOperationSchema>;
export type AgentHealth = z.output<typeof healthSchema>;
export type AgentCapabilities = z.output<typeof capabilitiesSchema>;
export type AgentImage = z.output<typeof imageSchema>;
export type AgentEvent = z.output<typeof eventSchema>;
export type AgentExecution = z.output<typeof executionSchema>;
