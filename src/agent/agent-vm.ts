import { z } from 'zod';

/** An ISO instant of the agent (whole seconds, UTC), read as epoch ms. */
export const instant = z
  .string()
  .transform((text) => Date.parse(text))
  .pipe(z.number('not an instant'));

/** A field that the agent leaves out or sets to null when it has no value. */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? null);
}

/**
 * A VM as its agent tells of it; sizes in bytes, `uptime` and `lifetimeSeconds` in seconds, instants in epoch ms.
 * `state` is the stored one and may trail the live one. States: created, installing, stopped, starting, running,
 * stopping, pausing, paused, resuming, error, deleted; a later agent may know more.
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

export type AgentVm = z.output<typeof agentVmSchema>;
