import { z } from 'zod';
import { GIB, type Resources } from '../options.ts';
import { invalidRequest, Refusal } from '../refusal.ts';

const UNITS = { MB: 1024 ** 2, GB: GIB, TB: 1024 ** 4 } as const;
const SIZE = /^[ \t]*(\d+(?:\.\d+)?)[ \t]*(MB|GB|TB)[ \t]*$/i;

/** The agent's fixed limits, checked before those of the host. */
const BOUNDS: Record<keyof Resources, readonly [number, number]> = {
  cpuCount: [1, 32],
  memorySize: [2 * GIB, 128 * GIB],
  diskSize: [20 * GIB, 8192 * GIB],
};

/**
 * Returns the bytes of a size as the agent reads it: a whole number of bytes, or a decimal with MB, GB or TB in units
 * of 1024. `12GiB`, `12G`, plain digits in a string, and fractions of a byte are not sizes: null.
 */
export function parseSize(value: number | string): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  const match = SIZE.exec(value);
  if (!match) return null;
  const bytes = Number(match[1]) * UNITS[(match[2] ?? '').toUpperCase() as keyof typeof UNITS];
  return Number.isSafeInteger(bytes) ? bytes : null;
}

const sizeField = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const bytes = parseSize(value);
    if (bytes === null)
      context.addIssue({ code: 'custom', message: 'must be bytes or a size such as "12GB"' });
    return bytes ?? 0;
  })
  .nullish();

export const nameField = z
  .string()
  .refine((name) => [...name].length >= 1 && [...name].length <= 100, 'must have 1 to 100 characters')
  .refine(
    (name) => /^[\p{L}\p{M}\p{N}\-_. ]*$/u.test(name),
    'may hold letters, digits, "-", "_", "." and spaces',
  )
  .refine((name) => name.trim() === name, 'may not begin or end with a space');

const resourcesField = z
  .object({ cpuCount: z.int().nullish(), memorySize: sizeField, diskSize: sizeField })
  .nullish();

const lifetimeField = z.int().min(1).max(604_800).nullish();

export const createFields = z.object({
  name: nameField,
  image: z
    .string()
    .refine((image) => image !== '' && Buffer.byteLength(image) <= 1024, 'must have 1 to 1024 bytes')
    .nullish(),
  resources: resourcesField,
  ephemeral: z.boolean().nullish(),
  lifetimeSeconds: lifetimeField,
});

export const cloneFields = z.object({
  name: nameField,
  resources: resourcesField,
  ephemeral: z.boolean().nullish(),
  lifetimeSeconds: lifetimeField,
});

export const updateFields = z.object({ name: nameField.nullish(), resources: resourcesField });

/** Reads a body by one of the field sets above; unknown fields are ignored. Throws 400 INVALID_REQUEST. */
export function readFields<T>(fields: z.ZodType<T>, body: unknown): T {
  const result = fields.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalidRequest(`Invalid request: ${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}

export type ResourceFields = z.infer<typeof resourcesField>;

/** Returns the resources that a request really sets: nulls count as absent. */
export function givenResources(fields: ResourceFields): Partial<Resources> {
  const given: Partial<Resources> = {};
  if (fields?.cpuCount != null) given.cpuCount = fields.cpuCount;
  if (fields?.memorySize != null) given.memorySize = fields.memorySize;
  if (fields?.diskSize != null) given.diskSize = fields.diskSize;
  return given;
}

/** Throws 400 with `code` when a size is outside the agent's fixed limits. */
export function checkBounds(resources: Partial<Resources>, code: string): void {
  for (const key of ['cpuCount', 'memorySize', 'diskSize'] as const) {
    const value = resources[key];
    const [least, most] = BOUNDS[key];
    if (value !== undefined && (value < least || value > most)) {
      throw new Refusal(400, code, `Invalid resources: ${key} must be between ${least} and ${most}`);
    }
  }
}

/** Throws 400 with `code` when this host cannot provide that much; one CPU is left for macOS itself. */
export function checkHost(
  resources: Pick<Resources, 'cpuCount' | 'memorySize'>,
  host: { cpus: number; memorySize: number },
  code: string,
): void {
  if (resources.cpuCount > host.cpus - 1) {
    const most = host.cpus - 1;
    throw new Refusal(
      400,
      code,
      `Invalid configuration: ${resources.cpuCount} CPUs exceed this host's ${most}`,
    );
  }
  if (resources.memorySize > host.memorySize) {
    throw new Refusal(
      400,
      code,
      `Invalid configuration: memory exceeds this host's ${host.memorySize} bytes`,
    );
  }
}
