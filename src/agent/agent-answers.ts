import { z } from 'zod';
import { agentVmSchema, instant, optional } from './agent-vm.ts';

// The fields of the agent's smaller answers that this daemon uses; others may come and go.

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

export const imageSchema = z.object({
  id: z.string(),
  reference: z.string(),
  digest: optional(z.string()),
  size: optional(z.number()),
});

export const eventSchema = z
  .object({ timestamp: instant, type: z.string(), data: optional(z.record(z.string(), z.string())) })
  .transform(({ timestamp, type, data }) => ({ at: timestamp, type, data: data ?? {} }));

export const sshSchema = z.object({ status: z.enum(['ready', 'unavailable']), port: optional(z.int()) });

export const executionSchema = z.object({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });

export const stateSchema = z.object({ state: z.string() });

export const portSchema = z.object({ port: z.int() });

export const configSchema = z.object({ networking: z.object({ autoEnableSSHForwarding: z.boolean() }) });

export const vmPageSchema = z.object({ total: z.int(), vms: z.array(agentVmSchema) });

export const imagePageSchema = z.object({ total: z.int(), images: z.array(imageSchema) });

export type AgentHealth = z.output<typeof healthSchema>;
export type AgentCapabilities = z.output<typeof capabilitiesSchema>;
export type AgentImage = z.output<typeof imageSchema>;
export type AgentEvent = z.output<typeof eventSchema>;
