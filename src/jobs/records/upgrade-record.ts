import { z } from 'zod';
import { NO_JOB, NO_RETRY, type RunnerScope, runnerScopeOf } from '../../../machines/job/context.ts';
import { placeholder } from '../../../machines/job/placeholder.ts';
import { parseResourceName } from '../../../machines/resource-name.ts';
import { count, exactText, instant } from '../../bounds.ts';

const named = z.looseObject({ name: exactText });

/**
 * More names than any job ever got; the names of VMs that were made before any job contain instants instead.
 */
const MOST_NAMES = 100_000_000;

/** The fields that all earlier versions had and an upgrade needs. */
const earlier = z.looseObject({
  value: z.unknown(),
  children: z.record(z.string(), z.looseObject({ src: z.string() })),
  context: z.looseObject({
    job: z
      .looseObject({
        id: count,
        owner: exactText,
        repository: exactText,
        profile: exactText,
        status: z.string(),
        namesTaken: count,
        attemptsFailed: count,
      })
      .refine(({ id, namesTaken }) => id === NO_JOB || namesTaken <= MOST_NAMES),
    vm: named.nullable(),
    runner: named.nullable(),
    failure: z.unknown(),
    phase: z.looseObject({ enteredAt: instant }),
    released: z.boolean().default(false),
  }),
});

type Earlier = z.output<typeof earlier>;

export interface Upgrade {
  namePrefix: string;
  runnerScope: RunnerScope['kind'];
  /** Reserves numbers for the names of one more VM of a job id. */
  reserve(jobId: number): { first: number; last: number };
}

/**
 * The record of an earlier version in its own form; null for a record of this version, or for something else.
 */
function readEarlier(snapshot: unknown): Earlier | null {
  const { data } = earlier.safeParse(snapshot);
  return data && !('jobCheck' in data.context) ? data : null;
}

/** By job id, the highest number that the names in a record of an earlier version use. */
export function numbersTaken(snapshot: unknown, namePrefix: string): Map<number, number> {
  const taken = new Map<number, number>();
  const record = readEarlier(snapshot);
  if (record === null) return taken;
  const { job, vm, runner } = record.context;
  const note = (jobId: number, number: number) => taken.set(jobId, Math.max(number, taken.get(jobId) ?? 0));
  note(job.id, job.namesTaken);
  for (const bearer of [vm, runner]) {
    const parsed = bearer && parseResourceName(namePrefix, bearer.name);
    if (parsed) note(parsed.jobId, parsed.number);
  }
  return taken;
}

/**
 * Adds to the record of an earlier version what it lacks. A job that was released there stays released; for
 * one that waited for the end of a teardown GitHub is asked, and it goes on if it still waits.
 */
export function upgradeRecord(snapshot: unknown, upgrade: Upgrade): unknown {
  const record = readEarlier(snapshot);
  if (record === null) return snapshot;
  const { job, vm, runner, released, failure, ...rest } = record.context;
  const { namesTaken, ...facts } = job;
  const isTearingDown = typeof record.value === 'object' && 'tearingDown' in (record.value ?? {});
  const isEnding = isTearingDown && failure !== null;
  const attempt = job.attemptsFailed + Number(vm !== null && !isEnding);
  const hadJob = { ...facts, attempt, runnersUnused: 0, lastFailure: vm === null ? failure : null };
  const { owner, repository, profile } = job;
  const hasNone = placeholder({
    name: `VM of job ${job.id}`,
    at: rest.phase.enteredAt,
    owner,
    repository,
    profile,
  });
  const jobId = (vm && parseResourceName(upgrade.namePrefix, vm.name)?.jobId) ?? job.id;
  const numbers = vm && upgrade.reserve(jobId);
  const scope = runnerScopeOf(upgrade.runnerScope, { owner, repository });
  const isCancelled = (failure as { code?: unknown } | null)?.code === 'OPERATOR_CANCELLED';
  const waits = !released && job.id !== NO_JOB && job.status === 'queued' && !isCancelled;
  return {
    ...record,
    value: isTearingDown
      ? {
          tearingDown: {
            ...tearingDownOf(record.value),
            job: waits && runner ? 'acting' : waits ? 'decided' : 'gone',
          },
        }
      : record.value,
    // Their inputs are built again from the present record.
    children: Object.fromEntries(
      Object.entries(record.children).filter(([, { src }]) => src === 'waitUntil'),
    ),
    context: {
      ...rest,
      job: released ? hasNone : hadJob,
      vm: vm && {
        ...vm,
        madeFor: { jobId, attempt: Math.max(1, attempt) },
        numbers: { next: numbers?.first, last: numbers?.last },
      },
      runner: runner && { ...runner, scope, isLeft: false, loss: null },
      jobCheck: NO_RETRY,
      failure,
      otherJobSince: null,
    },
  };
}

function tearingDownOf(value: unknown): object {
  return (value as { tearingDown: object }).tearingDown;
}
