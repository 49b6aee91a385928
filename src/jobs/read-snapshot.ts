import { type AnyStateNode, getStateNodes } from 'xstate';
import { z } from 'zod';
import { FAILURE_CODES } from '../../machines/failure.ts';
import { JOB_STATUSES } from '../../machines/job/context.ts';
import type { JobMachine } from '../../machines/job.ts';

const failure = z.object({
  code: z.enum(FAILURE_CODES as [string, ...string[]]),
  blame: z.string(),
  disposition: z.enum(['retry', 'blocked', 'giveUp']),
  message: z.string(),
  retryAt: z.number().nullable(),
});
const retry = { tries: z.number(), nextTryAt: z.number(), lastFailure: failure.nullable() };
const address = z.object({ host: z.string(), port: z.number() });

const context = z.object({
  job: z.object({
    id: z.number(),
    runId: z.number(),
    runAttempt: z.number(),
    owner: z.string(),
    repository: z.string(),
    workflow: z.string(),
    name: z.string(),
    url: z.string(),
    labels: z.array(z.string()),
    profile: z.string(),
    status: z.enum(JOB_STATUSES),
    conclusion: z.string().nullable(),
    queuedAt: z.number(),
    namesTaken: z.number(),
    attemptsFailed: z.number(),
    notBefore: z.number(),
  }),
  vm: z
    .object({
      name: z.string(),
      host: z.string(),
      profile: z.string(),
      id: z.string().nullable(),
      address: address.nullable(),
      hostKey: z.string().nullable(),
      runnerVersion: z.string().nullable(),
      expiresAt: z.number().nullable(),
      mayAppearUntil: z.number(),
    })
    .nullable(),
  runner: z
    .object({
      name: z.string(),
      id: z.number().nullable(),
      mode: z.enum(['jit', 'token']).nullable(),
      mayAppearUntil: z.number(),
    })
    .nullable(),
  phase: z.object({ ...retry, enteredAt: z.number(), deadlineAt: z.number() }),
  runnerRemoval: z.object(retry),
  failure: failure.nullable(),
  released: z.boolean(),
});

const snapshotSchema = z.object({
  status: z.literal('active'),
  value: z.unknown(),
  context,
  children: z.record(
    z.string(),
    z.object({ src: z.string(), snapshot: z.object({ status: z.literal('active') }).loose() }).loose(),
  ),
});

/**
 * Why a stored snapshot must not be revived; null when it may. XState itself would take a snapshot of another
 * version without a word and then sit in a state whose effect is not running, or bring the process down.
 */
export function whyNotRestorable(machine: JobMachine, stored: unknown): string | null {
  const parsed = snapshotSchema.safeParse(stored);
  if (!parsed.success) return z.prettifyError(parsed.error).replaceAll('\n', ' ');
  const { value, children, context: kept } = parsed.data;

  let nodes: AnyStateNode[];
  try {
    const resolved = machine.resolveState({ value: value as never, context: kept as never });
    nodes = getStateNodes(machine.root, resolved.value);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  for (const [id, child] of Object.entries(children)) {
    if (!(child.src in machine.implementations.actors)) return `no effect ${child.src} for ${id}`;
  }
  for (const node of nodes) {
    const missing = node.invoke.find(({ id }) => !(id in children));
    if (missing) return `the effect ${missing.id} of ${node.id} is not in the record`;
  }
  return null;
}
